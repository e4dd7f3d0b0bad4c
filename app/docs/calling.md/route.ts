import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleCallingGuide } from '#server/routes/docs.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleCallingGuide);
