import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleLlmsFull } from '#server/routes/catalog.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleLlmsFull);
