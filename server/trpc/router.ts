import { customProcedures } from '#server/custom/procedures.ts';
import { router } from './init.ts';
import { account } from './procedures/account.ts';
import { email } from './procedures/email.ts';
import { file } from './procedures/file.ts';
import { mail } from './procedures/mail.ts';
import { proxy } from './procedures/proxy.ts';
import { session } from './procedures/session.ts';

export const appRouter = router({ account, email, file, mail, proxy, session, ...customProcedures });

export type AppRouter = typeof appRouter;
