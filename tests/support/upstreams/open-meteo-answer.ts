import { hash } from './noise.ts';
import type { Place } from './open-meteo-query.ts';
import { type Quantity, type Rendering, render, unitLabel } from './open-meteo-units.ts';
import type { Variable } from './open-meteo-variables.ts';
import type { Site } from './weather-model.ts';
import { localTime } from './zone.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** What stands at the top of every answer; `location_id` only from the second place of several on. */
export function header(place: Place, cell: Site, index: number, now: number): object {
  return {
    latitude: cell.latitude,
    longitude: cell.longitude,
    // Not measured: the same request has the same answer.
    generationtime_ms: Number((0.1 + hash(91, Math.floor(now / DAY_MS), index)).toFixed(6)),
    utc_offset_seconds: place.zone.utcOffsetSeconds,
    timezone: place.zone.name,
    timezone_abbreviation: place.zone.abbreviation,
    elevation: cell.elevation,
    ...(index > 0 ? { location_id: index } : {}),
    synthetic: true,
  };
}

/** `current` and its units; nothing when no variable was asked for. `interval` in seconds. */
export function currentBlock<S extends { time: number }>(
  variables: readonly Variable<S>[],
  sample: S,
  interval: number,
  rendering: Rendering,
): object {
  if (variables.length === 0) return {};
  return {
    current_units: { time: 'iso8601', interval: 'seconds', ...units(variables, rendering) },
    current: {
      time: localTime(sample.time, rendering.utcOffsetSeconds),
      interval,
      ...Object.fromEntries(variables.map((v) => [v.name, render(v.quantity, v.read(sample), rendering)])),
    },
  };
}

/** `hourly` or `daily` and its units: columns of equal length beside `time`. */
export function columnsBlock<S>(
  name: 'hourly' | 'daily',
  variables: readonly Variable<S>[],
  times: readonly string[],
  samples: readonly S[],
  rendering: Rendering,
): object {
  if (variables.length === 0) return {};
  const column = (v: Variable<S>) => samples.map((s) => render(v.quantity, v.read(s), rendering));
  return {
    [`${name}_units`]: { time: 'iso8601', ...units(variables, rendering) },
    [name]: { time: times, ...Object.fromEntries(variables.map((v) => [v.name, column(v)])) },
  };
}

/**
 * Epoch ms of the last local midnight. Days and hours are counted from it in plain steps of 24 h and 1 h by
 * the offset of now, also across a clock change: so does Open-Meteo.
 */
export function localMidnight(now: number, utcOffsetSeconds: number): number {
  const offset = utcOffsetSeconds * 1000;
  return Math.floor((now + offset) / DAY_MS) * DAY_MS - offset;
}

/** Equal steps of time from a start, epoch ms. */
export function steps(start: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => start + index * step);
}

function units(
  variables: readonly { name: string; quantity: Quantity }[],
  { units: chosen }: Rendering,
): Record<string, string> {
  return Object.fromEntries(variables.map((v) => [v.name, unitLabel(v.quantity, chosen)]));
}
