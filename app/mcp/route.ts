import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleMcp } from '#server/routes/mcp.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleMcp);
