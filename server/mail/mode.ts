import type { Env } from '../config/env.ts';

/** What becomes of mails: sent; kept to be read at `/inbox`; kept until there is a mail server. */
export type MailMode = 'smtp' | 'inbox' | 'held';

export function mailModeOf(env: Pick<Env, 'SMTP_URL' | 'NODE_ENV' | 'DEMO'>): MailMode {
  if (env.SMTP_URL) return 'smtp';
  return env.NODE_ENV === 'production' && !env.DEMO ? 'held' : 'inbox';
}
