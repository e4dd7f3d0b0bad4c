import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleReadiness } from '#server/routes/health.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleReadiness);
