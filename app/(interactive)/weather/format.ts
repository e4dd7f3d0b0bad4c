/** Formats instants in the local time of a place. */
export type Clock = {
  /** `HH:MM` */
  time(instant: Date): string;
  /** `Mon` */
  weekday(instant: Date): string;
};

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Returns the clock of a time zone (IANA name). A zone that this runtime does not know gets the fixed offset. */
export function clockOf(zone: { timezone: string; utcOffsetSeconds: number }): Clock {
  return zoneClock(zone.timezone) ?? fixedClock(zone.utcOffsetSeconds);
}

function zoneClock(timeZone: string): Clock | undefined {
  try {
    const time = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
    const weekday = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short' });
    return { time: (instant) => time.format(instant), weekday: (instant) => weekday.format(instant) };
  } catch {
    return undefined;
  }
}

function fixedClock(utcOffsetSeconds: number): Clock {
  const local = (instant: Date) => new Date(instant.getTime() + utcOffsetSeconds * 1000);
  return {
    time: (instant) => local(instant).toISOString().slice(11, 16),
    weekday: (instant) => weekdays[local(instant).getUTCDay()] ?? '',
  };
}

/** Formats a date `YYYY-MM-DD` as `Mon 23`. */
export function formatDay(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  return `${weekdays[day.getUTCDay()]} ${day.getUTCDate()}`;
}

/** Formats a measured value without rounding. A missing value is a dash. */
export function formatNumber(value: number | null): string {
  return value === null ? '–' : String(value);
}
