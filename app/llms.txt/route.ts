import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleLlms } from '#server/routes/catalog.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleLlms);
