import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleAtom } from '#server/raw/feeds.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleAtom);
