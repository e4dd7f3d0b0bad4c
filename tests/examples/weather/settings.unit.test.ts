import { describe } from 'vitest';
import { testSetting, upstreamUrls } from '#tests/config/setting-rows.ts';

describe('OPEN_METEO_URL', () =>
  testSetting('OPEN_METEO_URL', { unset: 'https://api.open-meteo.com', ...upstreamUrls }));

describe('OPEN_METEO_AIR_QUALITY_URL', () =>
  testSetting('OPEN_METEO_AIR_QUALITY_URL', {
    unset: 'https://air-quality-api.open-meteo.com',
    ...upstreamUrls,
  }));

describe('OPEN_METEO_GEOCODING_URL', () =>
  testSetting('OPEN_METEO_GEOCODING_URL', {
    unset: 'https://geocoding-api.open-meteo.com',
    ...upstreamUrls,
  }));

describe('OPEN_METEO_METHOD', () =>
  testSetting('OPEN_METEO_METHOD', {
    unset: 'POST',
    valid: [
      ['GET', 'GET'],
      ['POST', 'POST'],
    ],
    invalid: ['get', 'PUT'],
  }));
