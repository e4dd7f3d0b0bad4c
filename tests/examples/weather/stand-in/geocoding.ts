import { hashText } from '#tests/support/upstreams/hash-text.ts';
import { type City, findCities, foldName } from './gazetteer.ts';
import { number, OpenMeteoError, type Parameters, single } from './open-meteo-parameters.ts';

const DEFAULT_COUNT = 10;
const MAX_COUNT = 100;
/** In letters, after accents and surrounding blanks are removed. */
const SHORTEST_NAME = 2;

/**
 * Handles `/v1/search`. A response without hits has no `results` key. `language` translates the names of countries.
 * Those of cities and regions are English, as Open-Meteo returns names without a translation. Other spellings also find
 * cities.
 */
export function searchPlaces(parameters: Parameters): object {
  // A comma is part of the name here, not a list separator.
  const name = parameters.get('name')?.join(',').trim();
  if (name === undefined) throw new OpenMeteoError("Parameter 'name' is required");
  const format = single(parameters, 'format') ?? 'json';
  if (format !== 'json')
    throw new OpenMeteoError(`Cannot initialize Format from invalid String value ${format} for key format`);
  const count = readCount(parameters);
  const language = single(parameters, 'language') ?? 'en';
  const hits = [...foldName(name)].length < SHORTEST_NAME ? [] : findCities(name).slice(0, count);
  return {
    ...(hits.length > 0 ? { results: hits.map((city) => result(city, language)) } : {}),
    generationtime_ms: Number((0.1 + hits.length / 16).toFixed(6)),
  };
}

function readCount(parameters: Parameters): number {
  const text = single(parameters, 'count');
  if (text === undefined) return DEFAULT_COUNT;
  const count = number(text, 'count');
  if (Number.isInteger(count) && count >= 1 && count <= MAX_COUNT) return count;
  throw new OpenMeteoError(`Parameter count must be between 1 and ${MAX_COUNT}.`);
}

/** Converts a city to a result. Ids are synthetic, not those of GeoNames. Omits empty fields, as Open-Meteo does. */
function result(city: City, language: string): object {
  return {
    id: hashText(`${city.countryCode}/${city.name}`),
    name: city.name,
    latitude: city.latitude,
    longitude: city.longitude,
    elevation: city.elevation,
    feature_code: city.featureCode,
    country_code: city.countryCode,
    ...(city.admin1 === '' ? {} : { admin1_id: hashText(`${city.countryCode}//${city.admin1}`) }),
    timezone: city.timezone,
    population: city.population,
    country_id: hashText(city.countryCode),
    country: countryName(city, language),
    ...(city.admin1 === '' ? {} : { admin1: city.admin1 }),
  };
}

function countryName({ countryCode, country }: City, language: string): string {
  if (language === 'en' || !/^[a-z]{2}$/.test(language)) return country;
  return new Intl.DisplayNames([language], { type: 'region' }).of(countryCode) ?? country;
}
