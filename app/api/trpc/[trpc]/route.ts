import { routeHandlers } from '#server/door/route-handlers.ts';
import { handleTrpc } from '#server/door/trpc-handler.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleTrpc);
