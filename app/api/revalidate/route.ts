import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleRevalidate } from '#server/raw/revalidate.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleRevalidate);
