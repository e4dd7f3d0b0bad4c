import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleJsonFeed } from '#server/routes/feeds.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleJsonFeed);
