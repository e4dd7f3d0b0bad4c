import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleUpstreamFile } from '#server/routes/upstream-files.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleUpstreamFile);
