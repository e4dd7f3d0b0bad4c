import type { Env } from '../config/env.ts';
import { freezeDeep } from '../lib/immutable.ts';
import { isRecord } from '../lib/is-record.ts';
import { withTimeout } from '../lib/timeout.ts';
import { createWatch, type WatchOptions } from '../live/watch.ts';
import type { Logger } from '../observability/log.ts';
import type { UpstreamClient } from '../upstream-client/client.ts';
import {
  type AirQualityResponse,
  airQualityParameters,
  asQuery,
  type ForecastQuery,
  type ForecastResponse,
  forecastParameters,
  openMeteoAirQuality,
  openMeteoForecast,
  openMeteoGeocoding,
} from '../upstreams/open-meteo.ts';
import { convertAirQuality, convertForecast } from './convert.ts';
import { weatherLimits } from './limits.ts';
import {
  type Forecast,
  type ForecastInput,
  forecastInput,
  type Place,
  type PlaceLanguage,
} from './schema.ts';

export type Weather = {
  /** @throws AppError with an `upstream_…` reason if there is no forecast, not even a stale one */
  forecast(input: ForecastInput): Promise<Forecast>;
  places(input: { name: string; count: number; language?: PlaceLanguage }): Promise<Place[]>;
  /** Yields the forecast, and then each newer one, and each with other warnings. While there is none, it waits. */
  watch(input: ForecastInput, options: WatchOptions): AsyncIterable<Forecast | undefined>;
};

/** Returns a text that differs for each newer forecast, and for other warnings. */
export function forecastVersion({ source, warnings }: Forecast): string {
  return [source.fetchedAt.getTime(), ...warnings.map(({ code }) => code)].join('.');
}

const { airQualityTimeout, lookInterval, watchedInOneRead } = weatherLimits;

/**
 * Creates the weather service over Open-Meteo. It requests weather and air quality concurrently and merges them. If the
 * air quality is not available, the forecast has a warning.
 */
export function createWeather(options: {
  env: Pick<Env, 'OPEN_METEO_METHOD'>;
  log: Logger;
  upstreams: Pick<UpstreamClient, 'request'>;
}): Weather {
  const { upstreams, log } = options;
  const usePost = options.env.OPEN_METEO_METHOD === 'POST';

  async function weatherAt(query: ForecastQuery) {
    const parameters = forecastParameters(query);
    const { forecast, forecastByUrl } = openMeteoForecast.endpoints;
    const response = await (usePost
      ? upstreams.request(openMeteoForecast, forecast, { body: parameters })
      : upstreams.request(openMeteoForecast, forecastByUrl, { query: asQuery(parameters) }));
    return { ...response, value: forecastOf(response.data, query.units) };
  }

  async function airQualityAt(query: { lat: number; lng: number }) {
    const parameters = airQualityParameters(query);
    const { airQuality, airQualityByUrl } = openMeteoAirQuality.endpoints;
    const response = await (usePost
      ? upstreams.request(openMeteoAirQuality, airQuality, { body: parameters })
      : upstreams.request(openMeteoAirQuality, airQualityByUrl, { query: asQuery(parameters) }));
    return { ...response, value: airQualityOf(response.data) };
  }

  async function forecast(input: ForecastInput): Promise<Forecast> {
    const { days, units } = input;
    const lat = roundCoordinate(input.lat);
    const lng = roundCoordinate(input.lng);
    const pendingAirQuality = airQualityAt({ lat, lng }).catch((err: unknown) => {
      log.warn({ err }, 'air quality is not available for a forecast');
      return null;
    });
    const weather = await weatherAt({ lat, lng, days, units });
    const airQuality = await withTimeout(pendingAirQuality, airQualityTimeout, () => null);
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

  const findPlaces: Weather['places'] = async ({ name, count, language = 'en' }) => {
    const { search } = openMeteoGeocoding.endpoints;
    // The search ignores case, so a lower-case name gives all spellings the same cache entry.
    const query = { name: name.toLowerCase(), count, language, format: 'json' } as const;
    const { data } = await upstreams.request(openMeteoGeocoding, search, { query });
    return data.results.map((place) => ({
      name: place.name,
      country: place.country ?? null,
      region: place.admin1 ?? null,
      lat: place.latitude,
      lng: place.longitude,
      timezone: place.timezone ?? null,
    }));
  };

  const forecasts = createWatch<Forecast>({
    // The key is the input.
    async read(keys) {
      const inputs = keys.map((key) => [key, forecastInput.parse(JSON.parse(key))] as const);
      const found = await Promise.allSettled(
        inputs.map(async ([key, input]) => [key, await forecast(input)] as const),
      );
      return new Map(found.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
    },
    versionOf: forecastVersion,
    interval: lookInterval,
    keysInRead: watchedInOneRead,
    log,
  });

  return {
    forecast,
    places: findPlaces,
    watch: ({ lat, lng, days, units }, watchOptions) =>
      forecasts.states(
        JSON.stringify({ lat: roundCoordinate(lat), lng: roundCoordinate(lng), days, units }),
        watchOptions,
      ),
  };
}

/** Converted forecasts. Cached responses are the same object, so each is converted only once per system of units. */
const converted = new WeakMap<ForecastResponse, Map<string, ReturnType<typeof convertForecast>>>();

function forecastOf(response: ForecastResponse, units: ForecastInput['units']) {
  const known = converted.get(response) ?? new Map<string, ReturnType<typeof convertForecast>>();
  converted.set(response, known);
  const value = known.get(units) ?? freezeParts(convertForecast(response, units));
  known.set(units, value);
  return value;
}

const convertedAirQuality = new WeakMap<AirQualityResponse, Forecast['airQuality']>();

function airQualityOf(response: AirQualityResponse): Forecast['airQuality'] {
  const known = convertedAirQuality.get(response);
  if (known !== undefined) return known;
  const value = convertAirQuality(response);
  if (value) freezeDeep(value);
  convertedAirQuality.set(response, value);
  return value;
}

/** Freezes each part separately, because the parts are shared by many forecasts and the whole is not. */
function freezeParts<T extends object>(whole: T): T {
  for (const part of Object.values(whole)) if (isRecord(part)) freezeDeep(part);
  return whole;
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

/** Rounds to two decimals, about a kilometre: enough for weather, too coarse for an address. Never returns -0. */
export function roundCoordinate(degrees: number): number {
  return Math.round(degrees * 100) / 100 || 0;
}

/** Returns the attribution. Open-Meteo's data is CC BY 4.0, which requires a link next to it. */
function attributionOf(synthetic: boolean): Forecast['attribution'] {
  return synthetic
    ? { text: 'Synthetic weather for offline use, not a forecast', url: 'https://open-meteo.com/' }
    : { text: 'Weather data by Open-Meteo.com', url: 'https://open-meteo.com/' };
}
