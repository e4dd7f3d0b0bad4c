import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleRevalidate } from '#server/routes/revalidate.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleRevalidate);
