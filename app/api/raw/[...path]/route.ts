import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleRaw } from '#server/raw/upstream.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleRaw);
