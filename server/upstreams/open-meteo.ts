import { z } from 'zod';
import { defineUpstream } from '../upstream-client/declaration.ts';
import { weatherLimits } from '../weather/limits.ts';

/**
 * Open-Meteo's three services, https://open-meteo.com/en/docs. Free use is non-commercial, up to 10,000 calls a
 * day; the data is CC BY 4.0. Any value or whole column may be null, and every block may be absent.
 * Times are local and without an offset; `utc_offset_seconds` applies to all times of a response.
 */
const localTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
const localDate = z.string().regex(/^\d{4}-\d\d-\d\d$/);
const measured = z.number().nullish();
const column = z.array(z.number().nullable()).nullish();
const units = z.record(z.string(), z.string()).optional();

const located = {
  utc_offset_seconds: z.int(),
  timezone: z.string(),
  /** Sent only by the stand-in that the demo and the tests use. */
  synthetic: z.boolean().default(false),
};

/** Unwraps an array of one place: Open-Meteo may return one if the coordinates of the request are arrays. */
function forOnePlace<S extends z.ZodType>(schema: S) {
  return z.preprocess((value) => (Array.isArray(value) && value.length === 1 ? value[0] : value), schema);
}

const forecastResponse = forOnePlace(
  z.object({
    ...located,
    elevation: measured,
    current_units: units,
    current: z
      .object({
        time: localTime,
        temperature_2m: measured,
        apparent_temperature: measured,
        relative_humidity_2m: measured,
        precipitation: measured,
        wind_speed_10m: measured,
        wind_direction_10m: measured,
        weather_code: measured,
        is_day: measured,
      })
      .optional(),
    hourly_units: units,
    hourly: z
      .object({
        time: z.array(localTime),
        temperature_2m: column,
        apparent_temperature: column,
        precipitation: column,
        precipitation_probability: column,
        wind_speed_10m: column,
        wind_direction_10m: column,
        weather_code: column,
        is_day: column,
      })
      .optional(),
    daily_units: units,
    daily: z
      .object({
        time: z.array(localDate),
        temperature_2m_min: column,
        temperature_2m_max: column,
        precipitation_sum: column,
        precipitation_probability_max: column,
        uv_index_max: column,
        weather_code: column,
        sunrise: z.array(z.string().nullable()).nullish(),
        sunset: z.array(z.string().nullable()).nullish(),
      })
      .optional(),
  }),
);

const airQualityResponse = forOnePlace(
  z.object({
    ...located,
    current: z
      .object({
        time: localTime,
        european_aqi: measured,
        us_aqi: measured,
        pm10: measured,
        pm2_5: measured,
        ozone: measured,
        nitrogen_dioxide: measured,
      })
      .optional(),
  }),
);

export type ForecastResponse = z.output<typeof forecastResponse>;
export type AirQualityResponse = z.output<typeof airQualityResponse>;

const variables = {
  current: [
    'temperature_2m',
    'apparent_temperature',
    'relative_humidity_2m',
    'precipitation',
    'wind_speed_10m',
    'wind_direction_10m',
    'weather_code',
    'is_day',
  ],
  hourly: [
    'temperature_2m',
    'apparent_temperature',
    'precipitation',
    'precipitation_probability',
    'wind_speed_10m',
    'wind_direction_10m',
    'weather_code',
    'is_day',
  ],
  daily: [
    'temperature_2m_min',
    'temperature_2m_max',
    'precipitation_sum',
    'precipitation_probability_max',
    'uv_index_max',
    'weather_code',
    'sunrise',
    'sunset',
  ],
  airQuality: ['european_aqi', 'us_aqi', 'pm10', 'pm2_5', 'ozone', 'nitrogen_dioxide'],
};

export type ForecastQuery = { lat: number; lng: number; days: number; units: 'metric' | 'imperial' };

/** Returns the parameters of a forecast request. They are the same for both methods. */
export function forecastParameters({ lat, lng, days, units: system }: ForecastQuery) {
  return {
    latitude: [lat],
    longitude: [lng],
    timezone: ['auto'],
    current: variables.current,
    hourly: variables.hourly,
    daily: variables.daily,
    forecast_days: days,
    ...(system === 'imperial'
      ? { temperature_unit: 'fahrenheit', wind_speed_unit: 'mph', precipitation_unit: 'inch' }
      : {}),
  };
}

export function airQualityParameters({ lat, lng }: { lat: number; lng: number }) {
  return { latitude: [lat], longitude: [lng], timezone: ['auto'], current: variables.airQuality };
}

/** Converts parameters to query parameters: lists are joined by commas. */
export function asQuery(
  parameters: Record<string, string | number | readonly (string | number)[]>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
}

const { freshFor, staleWhileRevalidateFor, staleIfErrorFor, placesFreshFor, placesStaleIfErrorFor } =
  weatherLimits;
const cache = { freshFor, staleWhileRevalidateFor, staleIfErrorFor, scope: 'public' } as const;

const anyQuery = z.record(z.string(), z.string());
const anyBody = z.record(z.string(), z.unknown());

export const openMeteoForecast = defineUpstream({
  name: 'open-meteo',
  title: 'Open-Meteo',
  origin: (env) => env.OPEN_METEO_URL,
  endpoints: {
    /** Sends the location in the body, so that it appears in no URL, not even in logs between here and Open-Meteo. */
    forecast: {
      method: 'POST',
      template: '/v1/forecast',
      summary: 'Forecast',
      description: 'Returns the weather forecast for a place.',
      body: anyBody,
      idempotency: 'safe',
      answer: { kind: 'json', schema: forecastResponse },
      cache,
      example: {},
    },
    forecastByUrl: {
      method: 'GET',
      template: '/v1/forecast',
      summary: 'Forecast',
      description: 'Returns the weather forecast for a place. The location is in the URL.',
      query: anyQuery,
      answer: { kind: 'json', schema: forecastResponse },
      cache,
      example: {},
    },
  },
});

export const openMeteoAirQuality = defineUpstream({
  name: 'open-meteo-air-quality',
  title: 'Open-Meteo air quality',
  origin: (env) => env.OPEN_METEO_AIR_QUALITY_URL,
  endpoints: {
    airQuality: {
      method: 'POST',
      template: '/v1/air-quality',
      summary: 'Air quality',
      description: 'Returns the air quality at a place.',
      body: anyBody,
      idempotency: 'safe',
      answer: { kind: 'json', schema: airQualityResponse },
      cache,
      example: {},
    },
    airQualityByUrl: {
      method: 'GET',
      template: '/v1/air-quality',
      summary: 'Air quality',
      description: 'Returns the air quality at a place. The location is in the URL.',
      query: anyQuery,
      answer: { kind: 'json', schema: airQualityResponse },
      cache,
      example: {},
    },
  },
});

/** If nothing was found, the response has no `results` key. */
const placesResponse = z.object({
  results: z
    .array(
      z.object({
        name: z.string(),
        latitude: z.number(),
        longitude: z.number(),
        country: z.string().nullish(),
        admin1: z.string().nullish(),
        timezone: z.string().nullish(),
      }),
    )
    .default([]),
});

export const openMeteoGeocoding = defineUpstream({
  name: 'open-meteo-geocoding',
  title: 'Open-Meteo geocoding',
  origin: (env) => env.OPEN_METEO_GEOCODING_URL,
  endpoints: {
    /** This service supports only GET. */
    search: {
      method: 'GET',
      template: '/v1/search',
      summary: 'Places by name',
      description: 'Returns the places whose name begins with a text.',
      query: z.object({
        name: z.string(),
        count: z.int(),
        /** ISO 639-1, in lower case. A name without a translation stays in English or in the local language. */
        language: z.string(),
        format: z.literal('json'),
      }),
      answer: { kind: 'json', schema: placesResponse },
      cache: { freshFor: placesFreshFor, staleIfErrorFor: placesStaleIfErrorFor, scope: 'public' },
      example: {},
    },
  },
});

export const openMeteoUpstreams = [openMeteoForecast, openMeteoAirQuality, openMeteoGeocoding];
