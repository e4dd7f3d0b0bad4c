import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleManifest } from '#server/routes/site.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleManifest);
