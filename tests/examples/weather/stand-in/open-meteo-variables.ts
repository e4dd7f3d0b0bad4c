import type { Air } from './air-quality-model.ts';
import type { Quantity } from './open-meteo-units.ts';
import type { SunTimes } from './solar.ts';
import type { Weather } from './weather-model.ts';

/** A variable with its Open-Meteo name, its quantity and a function that reads it in metric units. */
export interface Variable<Sample> {
  readonly name: string;
  readonly quantity: Quantity;
  readonly read: (sample: Sample) => number;
}

/** 24 hours from a local midnight. */
export interface Day {
  readonly hours: readonly Weather[];
  readonly sun: SunTimes;
  readonly uvIndex: number;
}

/** The variables of one block. A Map, so that `constructor` is not a variable. */
export type Variables<Sample> = ReadonlyMap<string, Variable<Sample>>;

const WEATHER: Variables<Weather> = table([
  ['temperature_2m', 'temperature', (w) => w.temperature],
  ['relative_humidity_2m', 'percent', (w) => w.humidity],
  ['apparent_temperature', 'temperature', (w) => w.apparentTemperature],
  ['precipitation', 'precipitation', (w) => w.precipitation],
  ['precipitation_probability', 'percent', (w) => w.precipitationProbability],
  ['weather_code', 'weatherCode', (w) => w.weatherCode],
  ['wind_speed_10m', 'windSpeed', (w) => w.windSpeed],
  ['wind_gusts_10m', 'windSpeed', (w) => w.windGusts],
  ['wind_direction_10m', 'direction', (w) => w.windDirection],
  ['surface_pressure', 'pressure', (w) => w.surfacePressure],
  ['is_day', 'flag', (w) => (w.isDay ? 1 : 0)],
]);

export const HOURLY_WEATHER = WEATHER;

export const CURRENT_WEATHER: Variables<Weather> = new Map([
  ...WEATHER,
  // The sum of the preceding 15 minutes: a quarter of the hourly value.
  ...table<Weather>([['precipitation', 'precipitation', (w) => w.precipitation / 4]]),
]);

export const DAILY_WEATHER: Variables<Day> = table([
  // Open-Meteo returns the day's most severe code, which is the largest.
  ['weather_code', 'weatherCode', (day) => highest(day, (w) => w.weatherCode)],
  ['temperature_2m_max', 'temperature', (day) => highest(day, (w) => w.temperature)],
  ['temperature_2m_min', 'temperature', (day) => -highest(day, (w) => -w.temperature)],
  ['sunrise', 'localTime', (day) => day.sun.sunrise],
  ['sunset', 'localTime', (day) => day.sun.sunset],
  ['precipitation_sum', 'precipitation', (day) => day.hours.reduce((sum, w) => sum + w.precipitation, 0)],
  ['precipitation_probability_max', 'percent', (day) => highest(day, (w) => w.precipitationProbability)],
  ['wind_speed_10m_max', 'windSpeed', (day) => highest(day, (w) => w.windSpeed)],
  ['wind_gusts_10m_max', 'windSpeed', (day) => highest(day, (w) => w.windGusts)],
  ['uv_index_max', 'uvIndex', (day) => day.uvIndex],
]);

/** For both the current and the hourly block. */
export const AIR_QUALITY: Variables<Air> = table([
  ['european_aqi', 'europeanAqi', (air) => air.europeanAqi],
  ['us_aqi', 'usAqi', (air) => air.usAqi],
  ['pm10', 'concentration', (air) => air.pm10],
  ['pm2_5', 'concentration', (air) => air.pm25],
  ['ozone', 'concentration', (air) => air.ozone],
  ['nitrogen_dioxide', 'concentration', (air) => air.nitrogenDioxide],
]);

function highest(day: Day, read: (weather: Weather) => number): number {
  return Math.max(...day.hours.map(read));
}

type Row<Sample> = readonly [name: string, quantity: Quantity, read: (sample: Sample) => number];

function table<Sample>(rows: readonly Row<Sample>[]): Variables<Sample> {
  return new Map(rows.map(([name, quantity, read]) => [name, { name, quantity, read }]));
}
