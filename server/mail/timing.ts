import { limits } from '../config/limits.ts';

/** How mail is paced. Milliseconds, but for `backoffFactor`, `attemptsAtLeast` and `crashedClaims`. Tests pass shorter ones. */
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
    | 'attemptsAtLeast'
    | 'pollInterval'
    | 'stopGrace'
    | 'crashedClaims'
    | 'sentKeptFor'
    | 'sweepInterval',
    number
  >
>;

export const mailTiming: MailTiming = limits.mail;
