import { echo } from './procedures/echo.ts';
import { email } from './procedures/email.ts';
import { proxy } from './procedures/proxy.ts';
import { weather } from './procedures/weather.ts';
import { router } from './trpc.ts';

export const appRouter = router({ echo, email, weather, proxy });

export type AppRouter = typeof appRouter;
