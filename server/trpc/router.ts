import { router } from './init.ts';
import { echo } from './procedures/echo.ts';
import { email } from './procedures/email.ts';
import { mail } from './procedures/mail.ts';
import { proxy } from './procedures/proxy.ts';
import { weather } from './procedures/weather.ts';

export const appRouter = router({ echo, email, mail, weather, proxy });

export type AppRouter = typeof appRouter;
