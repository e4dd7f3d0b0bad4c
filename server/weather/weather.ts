import type { Env } from '../env.ts';
import { limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import { AnswerCache } from '../upstream/cache.ts';
import type { UpstreamClient } from '../upstream/client.ts';
import {
  airQualityParameters,
  asQuery,
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

const { cacheBytes, freshFor, staleIfErrorFor, placesFreshFor } = limits.weather;

/**
 * Forecasts by Open-Meteo: the weather and the air quality of a place, asked for at the same time and put
 * together. Without the air quality there is still a forecast, with a warning.
 */
export function createWeather(options: {
  env: Pick<Env, 'OPEN_METEO_METHOD'>;
  log: Logger;
  upstreams: UpstreamClient;
}): Weather {
  const { upstreams, log } = options;
  const inBody = options.env.OPEN_METEO_METHOD === 'POST';
  const forecasts = new AnswerCache<ReturnType<typeof convertForecast>>({ maxBytes: cacheBytes });
  const airQualities = new AnswerCache<Forecast['airQuality']>({ maxBytes: cacheBytes });
  const places = new AnswerCache<Place[]>({ maxBytes: cacheBytes });
  const windows = { freshFor, staleIfErrorFor };

  async function loadForecast(query: ForecastQuery) {
    const parameters = forecastParameters(query);
    const { forecast, forecastByUrl } = openMeteoForecast.endpoints;
    const { data, bytes } = inBody
      ? await upstreams.request(openMeteoForecast, forecast, { body: parameters })
      : await upstreams.request(openMeteoForecast, forecastByUrl, { query: asQuery(parameters) });
    return { value: convertForecast(data, query.units), bytes };
  }

  async function loadAirQuality(query: { lat: number; lng: number }) {
    const parameters = airQualityParameters(query);
    const { airQuality, airQualityByUrl } = openMeteoAirQuality.endpoints;
    const { data, bytes } = inBody
      ? await upstreams.request(openMeteoAirQuality, airQuality, { body: parameters })
      : await upstreams.request(openMeteoAirQuality, airQualityByUrl, { query: asQuery(parameters) });
    return { value: convertAirQuality(data), bytes };
  }

  async function forecast(input: ForecastInput): Promise<Forecast> {
    const { days, units } = input;
    const lat = roundCoordinate(input.lat);
    const lng = roundCoordinate(input.lng);
    const [weather, airQuality] = await Promise.all([
      forecasts.get(JSON.stringify([lat, lng, days, units]), windows, () =>
        loadForecast({ lat, lng, days, units }),
      ),
      airQualities
        .get(JSON.stringify([lat, lng]), windows, () => loadAirQuality({ lat, lng }))
        .catch((err: unknown) => {
          log.warn({ err }, 'air quality is missing from a forecast');
          return null;
        }),
    ]);
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
        ...(weather.cache === 'stale' ? [staleWarning] : []),
        ...(airQuality?.value ? [] : [airQualityUnavailable]),
        ...(airQuality?.value && airQuality.cache === 'stale' ? [airQualityStale] : []),
      ],
    };
  }

  async function findPlaces({ name, count }: { name: string; count: number }): Promise<Place[]> {
    const key = JSON.stringify([name.toLowerCase(), count]);
    const found = await places.get(key, { freshFor: placesFreshFor, staleIfErrorFor }, async () => {
      const { data, bytes } = await upstreams.request(
        openMeteoGeocoding,
        openMeteoGeocoding.endpoints.search,
        {
          query: { name, count, language: 'en', format: 'json' },
        },
      );
      const value = data.results.map((place) => ({
        name: place.name,
        country: place.country ?? null,
        region: place.admin1 ?? null,
        lat: place.latitude,
        lng: place.longitude,
        timezone: place.timezone ?? null,
      }));
      return { value, bytes };
    });
    return found.value;
  }

  return { forecast, places: findPlaces };
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
