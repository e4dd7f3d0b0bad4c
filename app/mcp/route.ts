import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleMcp } from '#server/raw/mcp.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleMcp);
