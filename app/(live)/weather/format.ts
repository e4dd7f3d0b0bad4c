const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** `HH:MM` by the clocks of a place. */
export function formatTime(time: Date | null, utcOffsetSeconds: number): string {
  if (!time) return '–';
  return new Date(time.getTime() + utcOffsetSeconds * 1000).toISOString().slice(11, 16);
}

/** A calendar day, `YYYY-MM-DD`, as `Mon 23`. */
export function formatDay(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  return `${weekdays[day.getUTCDay()]} ${day.getUTCDate()}`;
}

/** The day of the week at a place. */
export function weekdayOf(time: Date, utcOffsetSeconds: number): string {
  return weekdays[new Date(time.getTime() + utcOffsetSeconds * 1000).getUTCDay()] ?? '';
}

/** A measured value as it came; a dash for none. */
export function formatNumber(value: number | null): string {
  return value === null ? '–' : String(value);
}
