import { nearestCity } from './gazetteer.ts';
import type { Coordinates } from './noise.ts';

/** A time zone at one moment. */
export interface Zone {
  readonly name: string;
  /** As Open-Meteo abbreviates: `GMT+2`, `GMT+5:30`, `GMT`. */
  readonly abbreviation: string;
  readonly utcOffsetSeconds: number;
}

/** Beyond this a city tells nothing about a place's zone. */
const NEAR_KM = 600;

/** The zone of the nearest city, or the nautical zone of the longitude (whose POSIX sign is reversed: Etc/GMT-3 is UTC+3). */
export function zoneNameAt(at: Coordinates): string {
  const city = nearestCity(at, NEAR_KM);
  if (city) return city.timezone;
  const hours = Math.round(at.longitude / 15);
  if (hours === 0) return 'Etc/GMT';
  return `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`;
}

/** The zone's offset at a moment (epoch ms), by Intl; undefined when there is no such zone. */
export function zoneAt(name: string, time: number): Zone | undefined {
  // Intl takes "+05:30" for a zone, Open-Meteo does not.
  if (!/^[A-Za-z]/.test(name)) return undefined;
  const text = offsetText(name, time);
  if (text === undefined) return undefined;
  const [, sign = '', hours = '00', minutes = '00', seconds = '00'] =
    /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(text) ?? [];
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  // Not Intl's shortOffset: whether zero is "GMT" or "GMT+0" depends on the version of ICU.
  const abbreviation =
    size === 0 ? 'GMT' : `GMT${sign}${Number(hours)}${minutes === '00' ? '' : `:${minutes}`}`;
  return { name, abbreviation, utcOffsetSeconds: sign === '-' ? -size : size };
}

/** `2026-03-08T02:00`: the wall clock at an offset, without naming it. */
export function localTime(time: number, utcOffsetSeconds: number): string {
  return new Date(time + utcOffsetSeconds * 1000).toISOString().slice(0, 16);
}

/** `GMT+05:30`; for zero `GMT` or `GMT+00:00`. */
function offsetText(name: string, time: number): string | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    return format.formatToParts(time).find((part) => part.type === 'timeZoneName')?.value;
  } catch {
    return undefined;
  }
}
