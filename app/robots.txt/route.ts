import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleRobots } from '#server/raw/site.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleRobots);
