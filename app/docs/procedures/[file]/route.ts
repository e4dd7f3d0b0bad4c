import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleProcedurePage } from '#server/raw/catalog.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleProcedurePage);
