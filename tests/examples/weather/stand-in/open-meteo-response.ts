import { hash } from './noise.ts';
import type { Place } from './open-meteo-query.ts';
import { type Quantity, type Rendering, render, unitLabel } from './open-meteo-units.ts';
import type { Variable } from './open-meteo-variables.ts';
import type { Site } from './weather-model.ts';
import { localTime } from './zone.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Returns the top-level fields of a response. `location_id` is present from the second place on. */
export function header(place: Place, cell: Site, index: number, now: number): object {
  return {
    latitude: cell.latitude,
    longitude: cell.longitude,
    // Not measured, so that the same request gets the same response.
    generationtime_ms: Number((0.1 + hash(91, Math.floor(now / DAY_MS), index)).toFixed(6)),
    utc_offset_seconds: place.zone.utcOffsetSeconds,
    timezone: place.zone.name,
    timezone_abbreviation: place.zone.abbreviation,
    elevation: cell.elevation,
    ...(index > 0 ? { location_id: index } : {}),
    synthetic: true,
  };
}

/** Returns `current` and its units; empty if no variable was requested. `interval` in seconds. */
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

/** Returns `hourly` or `daily` and its units: `time` and one column of the same length per variable. */
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
 * Returns the last local midnight in epoch ms. Days and hours follow in steps of exactly 24 h and 1 h with the current
 * UTC offset, even across a clock change, as at Open-Meteo.
 */
export function localMidnight(now: number, utcOffsetSeconds: number): number {
  const offset = utcOffsetSeconds * 1000;
  return Math.floor((now + offset) / DAY_MS) * DAY_MS - offset;
}

/** Returns `count` times in equal steps from `start`, in epoch ms. */
export function steps(start: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => start + index * step);
}

function units(
  variables: readonly { name: string; quantity: Quantity }[],
  { units: chosen }: Rendering,
): Record<string, string> {
  return Object.fromEntries(variables.map((v) => [v.name, unitLabel(v.quantity, chosen)]));
}
