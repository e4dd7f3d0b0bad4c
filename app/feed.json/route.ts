import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleJsonFeed } from '#server/raw/feeds.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleJsonFeed);
