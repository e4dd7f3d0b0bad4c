import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleInbox } from '#server/routes/inbox.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleInbox);
