import { z } from 'zod';
import { baseUrl } from '../config/url-settings.ts';

/** Your own settings: environment variables that upstreams and services read from `Env`, each with its schema. */
export const customSettings = {
  OPEN_METEO_URL: baseUrl.default('https://api.open-meteo.com'),
  OPEN_METEO_AIR_QUALITY_URL: baseUrl.default('https://air-quality-api.open-meteo.com'),
  OPEN_METEO_GEOCODING_URL: baseUrl.default('https://geocoding-api.open-meteo.com'),
  OPEN_METEO_METHOD: z.enum(['POST', 'GET']).default('POST'),
  GITHUB_API_URL: baseUrl.default('https://api.github.com'),
  GITHUB_ARCHIVE_URL: baseUrl.default('https://codeload.github.com'),
  GITHUB_TOKEN: z
    .string()
    .trim()
    .regex(/^[!-~]+$/, 'must be one word of printable ASCII')
    .optional(),
  FILES_URL: baseUrl.optional(),
  NOTES_URL: baseUrl.optional(),
};

/** The settings above that are the URL of an upstream. Their addresses are checked at the start. */
export const customUpstreamUrls = [
  'OPEN_METEO_URL',
  'OPEN_METEO_AIR_QUALITY_URL',
  'OPEN_METEO_GEOCODING_URL',
  'GITHUB_API_URL',
  'GITHUB_ARCHIVE_URL',
  'FILES_URL',
  'NOTES_URL',
] as const satisfies readonly (keyof typeof customSettings)[];
