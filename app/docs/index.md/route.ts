import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleDocsIndex } from '#server/routes/docs.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleDocsIndex);
