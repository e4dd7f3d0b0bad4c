import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleReadiness } from '#server/raw/health.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleReadiness);
