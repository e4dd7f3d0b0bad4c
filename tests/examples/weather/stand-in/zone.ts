import { nearestCity } from './gazetteer.ts';
import type { Coordinates } from './noise.ts';

/** A time zone at one moment. */
export interface Zone {
  readonly name: string;
  /** Abbreviated as at Open-Meteo: `GMT+2`, `GMT+5:30`, `GMT`. */
  readonly abbreviation: string;
  readonly utcOffsetSeconds: number;
}

/** Maximum distance at which a city determines a place's time zone. */
const NEAR_KM = 600;

/** Returns the zone of the nearest city or the nautical zone. The sign follows POSIX: Etc/GMT-3 means UTC+3. */
export function zoneNameAt(at: Coordinates): string {
  const city = nearestCity(at, NEAR_KM);
  if (city) return city.timezone;
  const hours = Math.round(at.longitude / 15);
  if (hours === 0) return 'Etc/GMT';
  return `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`;
}

/** Returns a zone with its offset at a moment (epoch ms), from Intl; undefined if the zone does not exist. */
export function zoneAt(name: string, time: number): Zone | undefined {
  // Intl accepts "+05:30" as a zone, Open-Meteo does not.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  const text = offsetText(name, time);
  if (text === undefined) return undefined;
  const [, sign = '', hours = '00', minutes = '00', seconds = '00'] =
    /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(text) ?? [];
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  // Not Intl's shortOffset: its zero offset is "GMT" or "GMT+0" depending on the ICU version.
  const abbreviation =
    size === 0 ? 'GMT' : `GMT${sign}${Number(hours)}${minutes === '00' ? '' : `:${minutes}`}`;
  return { name, abbreviation, utcOffsetSeconds: sign === '-' ? -size : size };
}

/** Returns the local time at an offset, without the offset: `2026-03-08T02:00`. */
export function localTime(time: number, utcOffsetSeconds: number): string {
  return new Date(time + utcOffsetSeconds * 1000).toISOString().slice(0, 16);
}

/** Returns `GMT+05:30`, and `GMT` or `GMT+00:00` for zero. */
function offsetText(name: string, time: number): string | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    return format.formatToParts(time).find((part) => part.type === 'timeZoneName')?.value;
  } catch {
    return undefined;
  }
}
