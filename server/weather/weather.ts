import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { freezeDeep } from '../lib/immutable.ts';
import type { Logger } from '../observability/log.ts';
import type { UpstreamClient } from '../upstream-client/client.ts';
import {
  type AirQualityAnswer,
  airQualityParameters,
  asQuery,
  type ForecastAnswer,
  type ForecastQuery,
  forecastParameters,
  openMeteoAirQuality,
  openMeteoForecast,
  openMeteoGeocoding,
} from '../upstreams/open-meteo.ts';
import { convertAirQuality, convertForecast } from './convert.ts';
import type { Forecast, ForecastInput, Place } from './schema.ts';

export type Weather = {
  /** @throws AppError of an `upstream_…` reason when there is no forecast, not even an old one */
  forecast(input: ForecastInput): Promise<Forecast>;
  places(input: { name: string; count: number }): Promise<Place[]>;
};

const { airQualityTimeout: airQualityPatience } = limits.weather;

/**
 * Forecasts by Open-Meteo: the weather and the air quality of a place, asked for at the same time and put
 * together. Without the air quality there is still a forecast, with a warning.
 */
export function createWeather(options: {
  env: Pick<Env, 'OPEN_METEO_METHOD'>;
  log: Logger;
  upstreams: Pick<UpstreamClient, 'request'>;
}): Weather {
  const { upstreams, log } = options;
  const inBody = options.env.OPEN_METEO_METHOD === 'POST';

  async function weatherAt(query: ForecastQuery) {
    const parameters = forecastParameters(query);
    const { forecast, forecastByUrl } = openMeteoForecast.endpoints;
    const answer = await (inBody
      ? upstreams.request(openMeteoForecast, forecast, { body: parameters })
      : upstreams.request(openMeteoForecast, forecastByUrl, { query: asQuery(parameters) }));
    return { ...answer, value: forecastOf(answer.data, query.units) };
  }

  async function airQualityAt(query: { lat: number; lng: number }) {
    const parameters = airQualityParameters(query);
    const { airQuality, airQualityByUrl } = openMeteoAirQuality.endpoints;
    const answer = await (inBody
      ? upstreams.request(openMeteoAirQuality, airQuality, { body: parameters })
      : upstreams.request(openMeteoAirQuality, airQualityByUrl, { query: asQuery(parameters) }));
    return { ...answer, value: airQualityOf(answer.data) };
  }

  async function forecast(input: ForecastInput): Promise<Forecast> {
    const { days, units } = input;
    const lat = roundCoordinate(input.lat);
    const lng = roundCoordinate(input.lng);
    const second = airQualityAt({ lat, lng }).catch((err: unknown) => {
      log.warn({ err }, 'air quality is missing from a forecast');
      return null;
    });
    const weather = await weatherAt({ lat, lng, days, units });
    const airQuality = await withPatience(second, airQualityPatience);
    const { timezone, utcOffsetSeconds, elevation, synthetic, ...converted } = weather.value;
    return {
      location: { lat, lng, timezone, utcOffsetSeconds, elevation },
      ...converted,
      airQuality: airQuality?.value ?? null,
      attribution: attributionOf(synthetic),
      source: {
        provider: synthetic ? 'Synthetic stand-in' : 'Open-Meteo',
        synthetic,
        fetchedAt: weather.storedAt,
        cache: weather.cache,
        ageSeconds: weather.ageSeconds,
      },
      warnings: [
        ...(weather.isStaleIfError ? [staleWarning] : []),
        ...(airQuality?.value ? [] : [airQualityUnavailable]),
        ...(airQuality?.value && airQuality.isStaleIfError ? [airQualityStale] : []),
      ],
    };
  }

  async function findPlaces({ name, count }: { name: string; count: number }): Promise<Place[]> {
    const { search } = openMeteoGeocoding.endpoints;
    // Found whatever the case, and so remembered whatever the case.
    const query = { name: name.toLowerCase(), count, language: 'en', format: 'json' } as const;
    const { data } = await upstreams.request(openMeteoGeocoding, search, { query });
    return data.results.map((place) => ({
      name: place.name,
      country: place.country ?? null,
      region: place.admin1 ?? null,
      lat: place.latitude,
      lng: place.longitude,
      timezone: place.timezone ?? null,
    }));
  }

  return { forecast, places: findPlaces };
}

/** Answers out of the cache are the same object, so each is converted once. */
const converted = new WeakMap<ForecastAnswer, Map<string, ReturnType<typeof convertForecast>>>();

function forecastOf(answer: ForecastAnswer, units: ForecastInput['units']) {
  const known = converted.get(answer) ?? new Map<string, ReturnType<typeof convertForecast>>();
  converted.set(answer, known);
  const value = known.get(units) ?? settleParts(convertForecast(answer, units));
  known.set(units, value);
  return value;
}

const convertedAirQuality = new WeakMap<AirQualityAnswer, Forecast['airQuality']>();

function airQualityOf(answer: AirQualityAnswer): Forecast['airQuality'] {
  const known = convertedAirQuality.get(answer);
  if (known !== undefined) return known;
  const value = convertAirQuality(answer);
  if (value) freezeDeep(value);
  convertedAirQuality.set(answer, value);
  return value;
}

/** Each by itself, because they go into many answers. */
function settleParts<T extends object>(whole: T): T {
  for (const part of Object.values(whole)) if (typeof part === 'object' && part !== null) freezeDeep(part);
  return whole;
}

/** What it resolves to, or null when that takes longer. */
function withPatience<T>(promise: Promise<T>, milliseconds: number): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds, null);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const staleWarning: Forecast['warnings'][number] = {
  code: 'stale',
  message: 'The weather service cannot be reached; this is the last forecast we had.',
};

const airQualityUnavailable: Forecast['warnings'][number] = {
  code: 'air_quality_unavailable',
  message: 'Air quality is not available at the moment.',
};

const airQualityStale: Forecast['warnings'][number] = {
  code: 'air_quality_stale',
  message: 'The air quality service cannot be reached; this is the last value we had.',
};

/** Two decimals are about a kilometre: enough for weather, too coarse for an address. Never -0. */
export function roundCoordinate(degrees: number): number {
  return Math.round(degrees * 100) / 100 || 0;
}

/** Open-Meteo's data is CC BY 4.0, which asks for a link beside it. */
function attributionOf(synthetic: boolean): Forecast['attribution'] {
  return synthetic
    ? { text: 'Synthetic weather for offline use, not a forecast', url: 'https://open-meteo.com/' }
    : { text: 'Weather data by Open-Meteo.com', url: 'https://open-meteo.com/' };
}
