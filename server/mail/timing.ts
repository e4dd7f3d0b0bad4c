import { limits } from '../limits.ts';

/** How mail is paced. Milliseconds, but for `backoffFactor`, `attemptsAtLeast` and `unfinishedClaims`. Tests pass shorter ones. */
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
    | 'unfinishedClaims'
    | 'sentKeptFor'
    | 'sweepInterval',
    number
  >
>;

export const mailTiming: MailTiming = limits.mail;
