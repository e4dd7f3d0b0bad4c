import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleTrpc);
