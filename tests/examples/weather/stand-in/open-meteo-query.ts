import type { Coordinates } from './noise.ts';
import { choice, number, numbers, OpenMeteoError, type Parameters, single } from './open-meteo-parameters.ts';
import { PRECIPITATION_UNITS, TEMPERATURE_UNITS, type Units, WIND_SPEED_UNITS } from './open-meteo-units.ts';
import type { Variable, Variables } from './open-meteo-variables.ts';
import { type Zone, zoneAt, zoneNameAt } from './zone.ts';

export interface Place extends Coordinates {
  readonly zone: Zone;
}

/** The maximum and default number of days of an API. */
export interface DayRange {
  readonly max: number;
  readonly byDefault: number;
}

const MAX_PLACES = 100;

/** Reads the requested places, each with its current time zone. Without `timezone` it is GMT, as at Open-Meteo. */
export function readPlaces(parameters: Parameters, now: number): Place[] {
  const latitudes = numbers(parameters, 'latitude');
  const longitudes = numbers(parameters, 'longitude');
  if (latitudes.length === 0 || latitudes.length !== longitudes.length) {
    throw new OpenMeteoError("Parameter 'latitude' and 'longitude' must have the same number of elements");
  }
  if (latitudes.length > MAX_PLACES)
    throw new OpenMeteoError(`Only up to ${MAX_PLACES} locations can be requested`);
  const zones = parameters.get('timezone') ?? ['GMT'];
  if (zones.length !== 1 && zones.length !== latitudes.length) {
    throw new OpenMeteoError("Parameter 'timezone' must have the same number of elements as coordinates");
  }
  return latitudes.map((latitude, index) => {
    const at = { latitude, longitude: longitudes[index] ?? Number.NaN };
    checkRange('Latitude', at.latitude, 90);
    checkRange('Longitude', at.longitude, 180);
    return { ...at, zone: readZone(zones[index] ?? zones[0] ?? 'GMT', at, now) };
  });
}

export function readDays(parameters: Parameters, range: DayRange): number {
  const text = single(parameters, 'forecast_days');
  if (text === undefined) return range.byDefault;
  const days = number(text, 'forecast_days');
  if (Number.isInteger(days) && days >= 1 && days <= range.max) return days;
  throw new OpenMeteoError(`Forecast days is invalid. Allowed range 1 to ${range.max}. Given ${text}.`);
}

export function readUnits(parameters: Parameters): Units {
  return {
    temperature: choice(parameters, 'temperature_unit', TEMPERATURE_UNITS),
    windSpeed: choice(parameters, 'wind_speed_unit', WIND_SPEED_UNITS),
    precipitation: choice(parameters, 'precipitation_unit', PRECIPITATION_UNITS),
  };
}

/** Reads the variables of one block in the requested order, without duplicates. */
export function readVariables<Sample>(
  parameters: Parameters,
  key: 'current' | 'hourly' | 'daily',
  known: Variables<Sample>,
): Variable<Sample>[] {
  return [...new Set(parameters.get(key) ?? [])].map((name) => {
    const variable = known.get(name);
    if (variable !== undefined) return variable;
    throw new OpenMeteoError(`Cannot initialize Variable from invalid String value ${name} for key ${key}`);
  });
}

function readZone(name: string, at: Coordinates, now: number): Zone {
  const zone = zoneAt(name === 'auto' ? zoneNameAt(at) : name, now);
  if (zone === undefined) throw new OpenMeteoError('Invalid timezone');
  return zone;
}

function checkRange(name: string, value: number, bound: number): void {
  if (Math.abs(value) <= bound) return;
  throw new OpenMeteoError(`${name} must be in range of -${bound} to ${bound}°. Given: ${value}.`);
}
