import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleApiResource } from '#server/routes/protected-resource.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleApiResource);
