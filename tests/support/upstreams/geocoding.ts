import { type City, findCities, foldName } from './gazetteer.ts';
import { hashText } from './noise.ts';
import { number, type Parameters, Refusal, single } from './open-meteo-parameters.ts';

const DEFAULT_COUNT = 10;
const MOST = 100;
/** In letters: accents and blanks do not count. */
const SHORTEST_NAME = 2;

/**
 * Answers `/v1/search`. A miss has no `results` key. `language` is taken and not acted upon: names are
 * English, other spellings find them.
 */
export function searchPlaces(parameters: Parameters): object {
  // A comma is part of a name here, not between two of them.
  const name = parameters.get('name')?.join(',').trim();
  if (name === undefined) throw new Refusal("Parameter 'name' is required");
  const format = single(parameters, 'format') ?? 'json';
  if (format !== 'json')
    throw new Refusal(`Cannot initialize Format from invalid String value ${format} for key format`);
  const count = readCount(parameters);
  const hits = [...foldName(name)].length < SHORTEST_NAME ? [] : findCities(name).slice(0, count);
  return {
    ...(hits.length > 0 ? { results: hits.map(result) } : {}),
    generationtime_ms: Number((0.1 + hits.length / 16).toFixed(6)),
  };
}

function readCount(parameters: Parameters): number {
  const text = single(parameters, 'count');
  if (text === undefined) return DEFAULT_COUNT;
  const count = number(text, 'count');
  if (Number.isInteger(count) && count >= 1 && count <= MOST) return count;
  throw new Refusal(`Parameter count must be between 1 and ${MOST}.`);
}

/** Ids are made up, not GeoNames'. Empty fields are left out, as Open-Meteo does. */
function result(city: City): object {
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
    country: city.country,
    ...(city.admin1 === '' ? {} : { admin1: city.admin1 }),
  };
}
