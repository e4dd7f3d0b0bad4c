import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleCallingGuide } from '#server/raw/docs.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleCallingGuide);
