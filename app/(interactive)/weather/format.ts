/** `h12`: `2:05 PM`; `h23`: `14:05`. */
export type HourCycle = 'h12' | 'h23';

/** Formats instants in the local time of a place. */
export type Clock = {
  /** `14:05` or `2:05 PM` */
  time(instant: Date): string;
  /** A short form for the hours of an axis: `14:00` or `2 PM` */
  hour(instant: Date): string;
  /** `Mon 23` */
  day(instant: Date): string;
  /** `2026-11-23` */
  date(instant: Date): string;
  /** `Mon 14:05` or `Mon 2:05 PM` */
  weekdayTime(instant: Date): string;
  /** The full hours since midnight, or undefined if the instant is not at a full hour. */
  fullHour(instant: Date): number | undefined;
};

type LocalTime = { date: string; weekday: string; day: number; hour: number; minute: number };

const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/**
 * Returns the clock of a time zone (IANA name). A zone that this runtime does not know gets the fixed offset. The texts
 * are the same in every runtime: those of Intl differ in their spaces between versions of its data.
 */
export function clockOf(zone: { timezone: string; utcOffsetSeconds: number }, hourCycle: HourCycle): Clock {
  const localTime = zoneTime(zone.timezone) ?? fixedTime(zone.utcOffsetSeconds);
  const time = ({ hour, minute }: LocalTime) => {
    const minutes = String(minute).padStart(2, '0');
    if (hourCycle === 'h23') return `${String(hour).padStart(2, '0')}:${minutes}`;
    return `${hour % 12 || 12}:${minutes} ${half(hour)}`;
  };
  return {
    time: (instant) => time(localTime(instant)),
    hour(instant) {
      const local = localTime(instant);
      return hourCycle === 'h12' && local.minute === 0
        ? `${local.hour % 12 || 12} ${half(local.hour)}`
        : time(local);
    },
    day(instant) {
      const { weekday, day } = localTime(instant);
      return `${weekday} ${day}`;
    },
    date: (instant) => localTime(instant).date,
    weekdayTime(instant) {
      const local = localTime(instant);
      return `${local.weekday} ${time(local)}`;
    },
    fullHour(instant) {
      const { hour, minute } = localTime(instant);
      return minute === 0 ? hour : undefined;
    },
  };
}

function half(hour: number): 'AM' | 'PM' {
  return hour < 12 ? 'AM' : 'PM';
}

function zoneTime(timeZone: string): ((instant: Date) => LocalTime) | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    return (instant) => {
      const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]));
      return {
        date: `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}`,
        weekday: parts.get('weekday') ?? '',
        day: Number(parts.get('day')),
        hour: Number(parts.get('hour')),
        minute: Number(parts.get('minute')),
      };
    };
  } catch {
    return undefined;
  }
}

function fixedTime(utcOffsetSeconds: number): (instant: Date) => LocalTime {
  return (instant) => {
    const local = new Date(instant.getTime() + utcOffsetSeconds * 1000);
    return {
      date: local.toISOString().slice(0, 10),
      weekday: weekdays[local.getUTCDay()] ?? '',
      day: local.getUTCDate(),
      hour: local.getUTCHours(),
      minute: local.getUTCMinutes(),
    };
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

/** Formats a measured value with its unit. */
export function formatValue(value: number | null, unit: string): string {
  return `${formatNumber(value)} ${unit}`;
}
