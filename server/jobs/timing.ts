import { limits } from '../config/limits.ts';

/** Milliseconds, except for `concurrency` and `crashedClaims`. Tests pass shorter times. */
export type JobTiming = Readonly<
  Record<
    | 'concurrency'
    | 'lease'
    | 'pollInterval'
    | 'stopGrace'
    | 'crashedClaims'
    | 'doneKeptFor'
    | 'scheduleInterval'
    | 'maxDelay',
    number
  >
>;

export const jobTiming: JobTiming = limits.jobs;
