import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleUnknownApi } from '#server/raw/health.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleUnknownApi);
