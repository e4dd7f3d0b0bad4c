import { airQualities } from './air-quality.ts';
import { forecasts } from './forecast.ts';
import { searchPlaces } from './geocoding.ts';
import { type Parameters, Refusal, readParameters, refusalReply } from './open-meteo-parameters.ts';
import { type Answer, jsonReply } from './reply.ts';

/** Tells the time in epoch ms; a test sets its own. */
export type Clock = () => number;

/** `GET` and `POST /v1/forecast` (https://open-meteo.com/en/docs). */
export function forecastApi(clock: Clock): Answer {
  return endpoint('/v1/forecast', ['GET', 'POST'], (parameters) => oneOrMany(forecasts(parameters, clock())));
}

/** `GET` and `POST /v1/air-quality` (https://open-meteo.com/en/docs/air-quality-api). */
export function airQualityApi(clock: Clock): Answer {
  return endpoint('/v1/air-quality', ['GET', 'POST'], (parameters) =>
    oneOrMany(airQualities(parameters, clock())),
  );
}

/** `GET /v1/search` (https://open-meteo.com/en/docs/geocoding-api). */
export function geocodingApi(): Answer {
  return endpoint('/v1/search', ['GET'], searchPlaces);
}

function endpoint(
  path: string,
  methods: readonly string[],
  answer: (parameters: Parameters) => object,
): Answer {
  return (request) => {
    if (request.url.pathname !== path || !methods.includes(request.method)) {
      return jsonReply(404, { error: true, reason: 'Not Found' });
    }
    try {
      return jsonReply(200, answer(readParameters(request)));
    } catch (error) {
      if (error instanceof Refusal) return refusalReply(error);
      throw error;
    }
  };
}

/** One place is an object, several are an array of them. */
function oneOrMany(answers: readonly object[]): object {
  return answers.length === 1 && answers[0] !== undefined ? answers[0] : answers;
}
