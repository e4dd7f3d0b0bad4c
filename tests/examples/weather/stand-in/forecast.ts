import { gridCell } from './grid.ts';
import { clamp } from './noise.ts';
import type { Parameters } from './open-meteo-parameters.ts';
import { type Place, readDays, readPlaces, readUnits, readVariables } from './open-meteo-query.ts';
import {
  columnsBlock,
  currentBlock,
  DAY_MS,
  HOUR_MS,
  header,
  localMidnight,
  steps,
} from './open-meteo-response.ts';
import { CURRENT_WEATHER, DAILY_WEATHER, type Day, HOURLY_WEATHER } from './open-meteo-variables.ts';
import { solarNoon, sunElevation, sunTimes } from './solar.ts';
import { type Site, type Weather, weatherAt } from './weather-model.ts';
import { localTime } from './zone.ts';

const GRID_DEGREES = 0.0625;
const INTERVAL_SECONDS = 900;
const DAYS = { max: 16, byDefault: 7 };

/** Handles `/v1/forecast`: returns one object per requested place, from the weather model. */
export function forecasts(parameters: Parameters, now: number): object[] {
  const units = readUnits(parameters);
  const days = readDays(parameters, DAYS);
  const current = readVariables(parameters, 'current', CURRENT_WEATHER);
  const hourly = readVariables(parameters, 'hourly', HOURLY_WEATHER);
  const daily = readVariables(parameters, 'daily', DAILY_WEATHER);

  return readPlaces(parameters, now).map((place, index) => {
    const cell = gridCell(place, GRID_DEGREES);
    const rendering = { units, utcOffsetSeconds: place.zone.utcOffsetSeconds };
    const quarter = Math.floor(now / (INTERVAL_SECONDS * 1000)) * INTERVAL_SECONDS * 1000;
    const { hours, starts } = calendar(place, cell, now, days);
    const local = (time: number) => localTime(time, rendering.utcOffsetSeconds);
    return {
      ...header(place, cell, index, now),
      ...currentBlock(current, weatherAt(cell, quarter), INTERVAL_SECONDS, rendering),
      ...columnsBlock(
        'hourly',
        hourly,
        hours.map((hour) => local(hour.time)),
        hours,
        rendering,
      ),
      ...columnsBlock(
        'daily',
        daily,
        starts.map((start) => local(start).slice(0, 10)),
        starts.map((start) => dayFrom(start, hours, cell)),
        rendering,
      ),
    };
  });
}

function calendar(
  place: Place,
  cell: Site,
  now: number,
  days: number,
): { hours: Weather[]; starts: number[] } {
  const midnight = localMidnight(now, place.zone.utcOffsetSeconds);
  const hours = steps(midnight, HOUR_MS, 24 * days).map((time) => weatherAt(cell, time));
  return { hours, starts: steps(midnight, DAY_MS, days) };
}

function dayFrom(start: number, all: readonly Weather[], cell: Site): Day {
  const hours = all.filter(({ time }) => time >= start && time < start + DAY_MS);
  return { hours, sun: sunTimes(cell, start), uvIndex: uvIndex(cell, start, hours) };
}

/**
 * Returns the day's highest UV index: 12.5 · μ^2.42 for a clear sky and 300 DU of ozone (Madronich 2007, Photochem.
 * Photobiol. 83), where μ is the cosine of the sun's zenith angle at noon, reduced by cloud cover.
 */
function uvIndex(cell: Site, start: number, hours: readonly Weather[]): number {
  const noon = solarNoon(cell.longitude, start);
  const sine = Math.sin((sunElevation(cell, noon) * Math.PI) / 180);
  const cloud = hours.reduce((sum, hour) => sum + hour.cloud, 0) / Math.max(1, hours.length);
  return 12.5 * clamp(sine, 0, 1) ** 2.42 * (1 - 0.6 * cloud);
}
