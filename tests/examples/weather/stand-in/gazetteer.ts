import { readFileSync } from 'node:fs';
import type { Coordinates } from './noise.ts';

/** A real city: degrees, metres above sea level, GeoNames feature code, IANA time zone. */
export interface City extends Coordinates {
  readonly name: string;
  readonly elevation: number;
  readonly featureCode: string;
  readonly countryCode: string;
  readonly country: string;
  /** Empty if the country has no first-level divisions. */
  readonly admin1: string;
  readonly timezone: string;
  readonly population: number;
  /** Other names that a search finds it by. */
  readonly aliases: readonly string[];
}

const EARTH_RADIUS_KM = 6371;
const RAD = Math.PI / 180;

export const cities: readonly City[] = readFileSync(new URL('./cities.csv', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map(parseCity);

/** Finds cities by a prefix of a name, ignoring case and accents. Exact matches come first, then the larger cities. */
export function findCities(text: string): City[] {
  const prefix = foldName(text);
  const isExact = (city: City) => names(city).includes(prefix);
  return cities
    .filter((city) => names(city).some((name) => name.startsWith(prefix)))
    .sort((a, b) => Number(isExact(b)) - Number(isExact(a)) || b.population - a.population);
}

/** Returns the nearest city within this great-circle distance in kilometres. */
export function nearestCity(at: Coordinates, withinKm: number): City | undefined {
  let best: City | undefined;
  let bestKm = withinKm;
  for (const city of cities) {
    const km = distanceKm(at, city);
    if (km <= bestKm) [best, bestKm] = [city, km];
  }
  return best;
}

/** Returns the haversine distance. */
function distanceKm(a: Coordinates, b: Coordinates): number {
  const sinLat = Math.sin(((b.latitude - a.latitude) * RAD) / 2);
  const sinLng = Math.sin(((b.longitude - a.longitude) * RAD) / 2);
  const h = sinLat ** 2 + Math.cos(a.latitude * RAD) * Math.cos(b.latitude * RAD) * sinLng ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(h)));
}

function names(city: City): string[] {
  return [city.name, ...city.aliases].map(foldName);
}

/** Letters that Unicode does not decompose into a base letter and a combining mark. */
const UNDECOMPOSED: Readonly<Record<string, string>> = { ø: 'o', ł: 'l', ß: 'ss', æ: 'ae', ı: 'i', đ: 'd' };

/** Normalizes a name: lower case, no accents, trimmed. */
export function foldName(text: string): string {
  const bare = text.trim().toLowerCase().normalize('NFD');
  return bare.replace(/\p{M}|[øłßæıđ]/gu, (letter) => UNDECOMPOSED[letter] ?? '');
}

function parseCity(line: string): City {
  const [name, latitude, longitude, elevation, featureCode, countryCode, country, admin1, ...rest] =
    line.split(',');
  const [timezone, population, aliases] = rest;
  if (!name || !featureCode || !countryCode || !country || !timezone || aliases === undefined) {
    throw new Error(`cities.csv: not a city: ${line}`);
  }
  return {
    name,
    latitude: Number(latitude),
    longitude: Number(longitude),
    elevation: Number(elevation),
    featureCode,
    countryCode,
    country,
    admin1: admin1 ?? '',
    timezone,
    population: Number(population),
    aliases: aliases.split(';').filter((alias) => alias !== ''),
  };
}
