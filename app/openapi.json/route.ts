import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleOpenApi } from '#server/raw/catalog.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleOpenApi);
