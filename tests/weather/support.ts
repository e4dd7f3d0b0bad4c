import { onTestFinished } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import { createLogger } from '#server/observability/log.ts';
import { createUpstreamClient } from '#server/upstream-client/client.ts';
import { type Forecast, type ForecastInput, forecastOutput } from '#server/weather/schema.ts';
import { createWeather, type Weather } from '#server/weather/weather.ts';
import { serveJson } from './json-upstream.ts';

/** The service over real sockets, closed with the running test. `lines` is what it logged. */
export function weatherOf(variables: Record<string, string>): { weather: Weather; lines: string[] } {
  const lines: string[] = [];
  const env = parseEnv(variables);
  const log = createLogger({ level: 'trace', destination: { write: (line) => lines.push(line) } });
  const upstreams = createUpstreamClient(env);
  onTestFinished(() => upstreams.close());
  return { weather: createWeather({ env, log, upstreams }), lines };
}

/** The service over one server that gives these payloads for every question. */
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

/** The forecast that a payload becomes; it must also be what the procedure's output schema lets through. */
export async function forecastFrom(payload: unknown, input: ForecastInput = somewhere): Promise<Forecast> {
  const weather = await weatherFrom({ forecast: payload, airQuality: emptyAnswer() });
  return forecastOutput.parse(await weather.forecast(input));
}

/** What Open-Meteo says when nothing was asked for: where and when, and no block at all. */
export function emptyAnswer(utcOffsetSeconds = 0): Record<string, unknown> {
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
