import { airAt } from './air-quality-model.ts';
import { gridCell } from './grid.ts';
import type { Parameters } from './open-meteo-parameters.ts';
import { readDays, readPlaces, readUnits, readVariables } from './open-meteo-query.ts';
import { columnsBlock, currentBlock, HOUR_MS, header, localMidnight, steps } from './open-meteo-response.ts';
import { AIR_QUALITY } from './open-meteo-variables.ts';
import { localTime } from './zone.ts';

const GRID_DEGREES = 0.1;
const INTERVAL_SECONDS = 3600;
/** Fewer than for the forecast (https://open-meteo.com/en/docs/air-quality-api). */
const DAYS = { max: 7, byDefault: 5 };

/** Handles `/v1/air-quality`: returns one object per requested place, from the air quality model. */
export function airQualities(parameters: Parameters, now: number): object[] {
  const units = readUnits(parameters);
  const days = readDays(parameters, DAYS);
  const current = readVariables(parameters, 'current', AIR_QUALITY);
  const hourly = readVariables(parameters, 'hourly', AIR_QUALITY);

  return readPlaces(parameters, now).map((place, index) => {
    const cell = gridCell(place, GRID_DEGREES);
    const rendering = { units, utcOffsetSeconds: place.zone.utcOffsetSeconds };
    const times = steps(localMidnight(now, rendering.utcOffsetSeconds), HOUR_MS, 24 * days);
    return {
      ...header(place, cell, index, now),
      ...currentBlock(current, airAt(cell, Math.floor(now / HOUR_MS) * HOUR_MS), INTERVAL_SECONDS, rendering),
      ...columnsBlock(
        'hourly',
        hourly,
        times.map((time) => localTime(time, rendering.utcOffsetSeconds)),
        times.map((time) => airAt(cell, time)),
        rendering,
      ),
    };
  });
}
