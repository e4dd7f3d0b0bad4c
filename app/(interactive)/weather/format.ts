const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Formats a time as `HH:MM` in the local time of a place. */
export function formatTime(time: Date | null, utcOffsetSeconds: number): string {
  if (!time) return '–';
  return new Date(time.getTime() + utcOffsetSeconds * 1000).toISOString().slice(11, 16);
}

/** Formats a date `YYYY-MM-DD` as `Mon 23`. */
export function formatDay(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  return `${weekdays[day.getUTCDay()]} ${day.getUTCDate()}`;
}

/** Returns the day of the week in the local time of a place. */
export function weekdayOf(time: Date, utcOffsetSeconds: number): string {
  return weekdays[new Date(time.getTime() + utcOffsetSeconds * 1000).getUTCDay()] ?? '';
}

/** Formats a measured value without rounding. A missing value is a dash. */
export function formatNumber(value: number | null): string {
  return value === null ? '–' : String(value);
}
