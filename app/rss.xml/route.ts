import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleRss } from '#server/raw/feeds.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleRss);
