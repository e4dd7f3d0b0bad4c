import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleSitemap } from '#server/raw/site.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleSitemap);
