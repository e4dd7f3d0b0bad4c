import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleMetrics } from '#server/routes/health.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleMetrics);
