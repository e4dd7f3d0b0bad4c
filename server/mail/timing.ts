import { limits } from '../limits.ts';

/** How mail is paced. Milliseconds, but for `backoffFactor`. Tests pass shorter ones. */
export type MailTiming = Readonly<
  Record<
    | 'connectionTimeout'
    | 'socketTimeout'
    | 'attemptDeadline'
    | 'lease'
    | 'backoffBase'
    | 'backoffFactor'
    | 'backoffCap'
    | 'giveUpAfter'
    | 'pollInterval'
    | 'stopGrace',
    number
  >
>;

export const mailTiming: MailTiming = limits.mail;
