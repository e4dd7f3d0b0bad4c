import { echo } from './procedures/echo.ts';
import { email } from './procedures/email.ts';
import { mail } from './procedures/mail.ts';
import { proxy } from './procedures/proxy.ts';
import { weather } from './procedures/weather.ts';
import { router } from './trpc.ts';

export const appRouter = router({ echo, email, mail, weather, proxy });

export type AppRouter = typeof appRouter;
