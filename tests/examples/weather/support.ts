import { onTestFinished } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import { createLogger } from '#server/observability/log.ts';
import { createUpstreamClient } from '#server/upstream-client/client.ts';
import { type Forecast, type ForecastInput, forecastOutput } from '#server/weather/schema.ts';
import { createWeather, type Weather } from '#server/weather/weather.ts';
import { serveJson } from './json-upstream.ts';

/** Creates the service over real sockets. It is closed after the running test. `lines` has its log lines. */
export function weatherOf(variables: Record<string, string>): { weather: Weather; lines: string[] } {
  const lines: string[] = [];
  const env = parseEnv(variables);
  const log = createLogger({ level: 'trace', destination: { write: (line) => lines.push(line) } });
  const upstreams = createUpstreamClient(env);
  onTestFinished(() => upstreams.close());
  return { weather: createWeather({ env, log, upstreams }), lines };
}

/** Creates the service over one server that returns these payloads for every request. */
export async function weatherFrom(payloads: {
  forecast?: unknown;
  airQuality?: unknown;
  places?: unknown;
  status?: number;
}): Promise<Weather> {
  const status = payloads.status ?? 200;
  const url = await serveJson({
    ...('forecast' in payloads ? { '/v1/forecast': { status, json: payloads.forecast } } : {}),
    ...('airQuality' in payloads ? { '/v1/air-quality': { status, json: payloads.airQuality } } : {}),
    ...('places' in payloads ? { '/v1/search': { status, json: payloads.places } } : {}),
  });
  return weatherOf({
    OPEN_METEO_URL: url,
    OPEN_METEO_AIR_QUALITY_URL: url,
    OPEN_METEO_GEOCODING_URL: url,
  }).weather;
}

export const somewhere: ForecastInput = { lat: 10, lng: 20, days: 1, units: 'metric' };

/** Returns the forecast for a payload, validated against the procedure's output schema. */
export async function forecastFrom(payload: unknown, input: ForecastInput = somewhere): Promise<Forecast> {
  const weather = await weatherFrom({ forecast: payload, airQuality: emptyResponse() });
  return forecastOutput.parse(await weather.forecast(input));
}

/** Returns Open-Meteo's response to a request without variables: place and time zone, without any block. */
export function emptyResponse(utcOffsetSeconds = 0): Record<string, unknown> {
  return {
    latitude: 10,
    longitude: 20,
    generationtime_ms: 0.1,
    utc_offset_seconds: utcOffsetSeconds,
    timezone: 'GMT',
    timezone_abbreviation: 'GMT',
    elevation: 38,
  };
}
