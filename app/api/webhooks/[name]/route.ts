import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleWebhook } from '#server/routes/webhooks.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleWebhook);
