import { router } from './init.ts';
import { account } from './procedures/account.ts';
import { echo } from './procedures/echo.ts';
import { email } from './procedures/email.ts';
import { file } from './procedures/file.ts';
import { mail } from './procedures/mail.ts';
import { proxy } from './procedures/proxy.ts';
import { session } from './procedures/session.ts';
import { weather } from './procedures/weather.ts';

export const appRouter = router({ account, echo, email, file, mail, proxy, session, weather });

export type AppRouter = typeof appRouter;
