import { limits } from '../config/limits.ts';

/**
 * Timing of mail delivery. Milliseconds, except for `backoffFactor`, `minAttempts` and `crashedClaims`. Tests pass
 * shorter times.
 */
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
    | 'minAttempts'
    | 'pollInterval'
    | 'stopGrace'
    | 'crashedClaims'
    | 'sentKeptFor'
    | 'sweepInterval',
    number
  >
>;

export const mailTiming: MailTiming = limits.mail;
