import { jsonReply, type RequestHandler } from '#tests/support/upstreams/reply.ts';
import { airQualities } from './air-quality.ts';
import { forecasts } from './forecast.ts';
import { searchPlaces } from './geocoding.ts';
import { errorReply, OpenMeteoError, type Parameters, readParameters } from './open-meteo-parameters.ts';

/** Returns the time in epoch ms. A test can set its own. */
export type Clock = () => number;

/** `GET` and `POST /v1/forecast` (https://open-meteo.com/en/docs). */
export function forecastApi(clock: Clock): RequestHandler {
  return endpoint('/v1/forecast', ['GET', 'POST'], (parameters) => oneOrMany(forecasts(parameters, clock())));
}

/** `GET` and `POST /v1/air-quality` (https://open-meteo.com/en/docs/air-quality-api). */
export function airQualityApi(clock: Clock): RequestHandler {
  return endpoint('/v1/air-quality', ['GET', 'POST'], (parameters) =>
    oneOrMany(airQualities(parameters, clock())),
  );
}

/** `GET /v1/search` (https://open-meteo.com/en/docs/geocoding-api). */
export function geocodingApi(): RequestHandler {
  return endpoint('/v1/search', ['GET'], searchPlaces);
}

function endpoint(
  path: string,
  methods: readonly string[],
  handle: (parameters: Parameters) => object,
): RequestHandler {
  return (request) => {
    if (request.url.pathname !== path || !methods.includes(request.method)) {
      return jsonReply(404, { error: true, reason: 'Not Found' });
    }
    try {
      return jsonReply(200, handle(readParameters(request)));
    } catch (error) {
      if (error instanceof OpenMeteoError) return errorReply(error);
      throw error;
    }
  };
}

/** Returns the object for one place, or an array for several. */
function oneOrMany(places: readonly object[]): object {
  return places.length === 1 && places[0] !== undefined ? places[0] : places;
}
