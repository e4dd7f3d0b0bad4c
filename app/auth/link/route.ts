import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleLink } from '#server/routes/auth.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleLink);
