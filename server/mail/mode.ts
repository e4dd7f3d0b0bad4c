import type { Env } from '../config/env.ts';

/** smtp: mails are sent; inbox: stored and shown at `/inbox`; held: stored until a mail server is configured. */
export type MailMode = 'smtp' | 'inbox' | 'held';

export function mailModeOf(env: Pick<Env, 'SMTP_URL' | 'NODE_ENV' | 'DEMO'>): MailMode {
  if (env.SMTP_URL) return 'smtp';
  return env.NODE_ENV === 'production' && !env.DEMO ? 'held' : 'inbox';
}
