import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleFile } from '#server/routes/files.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleFile);
