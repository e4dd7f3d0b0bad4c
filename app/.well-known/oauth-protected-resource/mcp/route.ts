import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleMcpResource } from '#server/routes/protected-resource.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleMcpResource);
