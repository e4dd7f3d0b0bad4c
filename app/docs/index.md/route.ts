import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleDocsIndex } from '#server/raw/docs.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleDocsIndex);
