import { routeHandlers } from '#server/http/route-handlers.ts';
import { handleConfirmEmail } from '#server/routes/auth-email.ts';

export const { DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT } = routeHandlers(handleConfirmEmail);
