import { describe, expect, test, vi } from 'vitest';
import { forecastOutput } from '#server/weather/schema.ts';
import { at } from '#tests/upstreams/at.ts';
import { paris, weatherOnStandIns } from './stand-ins.ts';

const { upstreams, service } = weatherOnStandIns();

describe('a forecast request', () => {
  test('has the location in the body and in no URL or header', async () => {
    await service().weather.forecast(paris);
    const requests = [...upstreams().openMeteo.requests, ...upstreams().airQuality.requests];
    expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/forecast',
      'POST /v1/air-quality',
    ]);
    for (const { body, headers } of requests) {
      expect(JSON.parse(body)).toMatchObject({ latitude: [48.86], longitude: [2.35], timezone: ['auto'] });
      expect(headers['content-type']).toBe('application/json');
      expect(JSON.stringify(headers)).not.toMatch(/48\.8|2\.35/);
      // Decimals after the second are never sent.
      expect(body).not.toContain('48.856');
    }
  });

  test('has the location in the URL with OPEN_METEO_METHOD=GET and returns the same forecast', async () => {
    const byPost = forecastOutput.parse(await service().weather.forecast(paris));
    const byGet = forecastOutput.parse(await service({ OPEN_METEO_METHOD: 'GET' }).weather.forecast(paris));
    const [, request] = upstreams().openMeteo.requests;
    expect(request?.method).toBe('GET');
    expect(request?.body).toBe('');
    const query = new URL(request?.url ?? '', upstreams().env.OPEN_METEO_URL).searchParams;
    expect(query.get('latitude')).toBe('48.86');
    expect(query.get('longitude')).toBe('2.35');
    expect(query.get('forecast_days')).toBe('2');
    const [, airQuality] = upstreams().airQuality.requests;
    expect(airQuality?.method).toBe('GET');
    expect(airQuality?.url).toMatch(/^\/v1\/air-quality\?.*latitude=48\.86/);
    const { source: _post, ...post } = byPost;
    const { source: _get, ...get } = byGet;
    expect(get).toEqual(post);
    expect(get.hourly).toHaveLength(48);
  });

  test('has the number of days and the units', async () => {
    const forecast = await service().weather.forecast({ ...paris, days: 16, units: 'imperial' });
    expect(JSON.parse(upstreams().openMeteo.requests[0]?.body ?? '')).toMatchObject({
      forecast_days: 16,
      temperature_unit: 'fahrenheit',
      wind_speed_unit: 'mph',
      precipitation_unit: 'inch',
    });
    expect(forecast.units).toEqual({ temperature: '°F', windSpeed: 'mph', precipitation: 'inch' });
    expect(forecast.daily).toHaveLength(16);
  });

  test.each([
    [
      { lat: 0.001, lng: -0.001 },
      { lat: 0, lng: 0 },
    ],
    [
      { lat: -0.004, lng: 179.999 },
      { lat: 0, lng: 180 },
    ],
    [
      { lat: 89.999, lng: -179.999 },
      { lat: 90, lng: -180 },
    ],
  ])('for %j is sent as %j', async (given, rounded) => {
    const { location } = await service().weather.forecast({ ...paris, ...given });
    expect(location).toMatchObject(rounded);
    const body = upstreams().openMeteo.requests[0]?.body ?? '';
    expect(at(JSON.parse(body), 'latitude')).toEqual([rounded.lat]);
    expect(at(JSON.parse(body), 'longitude')).toEqual([rounded.lng]);
    expect(Object.is(location.lat, -0) || Object.is(location.lng, -0)).toBe(false);
  });

  test('is sent to both sources concurrently', async () => {
    // The forecast never responds, so the air quality is requested only if the requests are concurrent.
    upstreams().openMeteo.fault({ kind: 'hang' });
    const { weather } = service();
    const call = weather.forecast(paris).catch((error: unknown) => error);
    await vi.waitFor(() => {
      expect(upstreams().openMeteo.requests).toHaveLength(1);
      expect(upstreams().airQuality.requests).toHaveLength(1);
    });
    expect(await call).toMatchObject({ reason: 'upstream_timeout' });
  });
});

test('a place name is sent as one encoded parameter', async () => {
  const { weather } = service();
  await weather.places({ name: 'São & Co?count=9#x', count: 3 });
  const [request] = upstreams().geocoding.requests;
  const url = new URL(request?.url ?? '', upstreams().env.OPEN_METEO_GEOCODING_URL);
  expect(url.pathname).toBe('/v1/search');
  expect(Object.fromEntries(url.searchParams)).toEqual({
    name: 'são & co?count=9#x',
    count: '3',
    language: 'en',
    format: 'json',
  });
});
