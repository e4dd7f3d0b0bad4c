import type { Forecast } from '#server/weather/schema.ts';

export type Hour = Forecast['hourly'][number];

const hourLength = 3_600_000;
const hoursBefore = 3;
const hoursAfter = 48;

/** The hours of a forecast that the page shows. */
export type ShownHours = {
  /** The next 48 hours, from the current one on. */
  next: Hour[];
  /** Up to three hours before, and the next hours. */
  around: Hour[];
  now: Date;
  /** Where now is in `around`: 2.5 is half an hour after the third hour. */
  position: number;
};

/**
 * Selects the hours around now, which is the time of the current weather plus the age of the forecast: a time of the
 * response, so that server and browser select the same hours.
 */
export function shownHours({ current, hourly, source }: Forecast): ShownHours {
  const time = (current?.time ?? source.fetchedAt).getTime() + source.ageSeconds * 1000;
  const now = new Date(time);
  const first = hourly.findIndex((hour) => hour.time.getTime() > time - hourLength);
  if (first < 0) return { next: [], around: [], now, position: 0 };
  const start = Math.max(0, first - hoursBefore);
  const around = hourly.slice(start, first + hoursAfter);
  const position = (time - (around[0]?.time.getTime() ?? time)) / hourLength;
  return {
    next: around.slice(first - start),
    around,
    now,
    position: Math.min(Math.max(position, 0), around.length - 1),
  };
}
