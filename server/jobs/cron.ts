import { Cron } from 'croner';

/** The times of a cron expression. */
export type CronTimes = {
  /** Returns the latest time up to now, or undefined if there was none. */
  latest(now: Date): Date | undefined;
};

/**
 * Parses a cron expression with five fields. A time that the clock skips in spring is an hour later, and one that it
 * repeats in autumn counts once.
 *
 * @param timeZone of the IANA database
 * @throws Error if the expression or the time zone is not valid, or if there is no such time
 */
export function cronTimes(expression: string, timeZone: string): CronTimes {
  const cron = new Cron(expression, { mode: '5-part', timezone: timeZone, paused: true });
  if (!cron.nextRun()) throw new Error(`The cron expression ${expression} has no times.`);
  return {
    // The previous run is before the given time, so now itself needs a millisecond more.
    latest: (now) => cron.previousRuns(1, new Date(now.getTime() + 1))[0],
  };
}
