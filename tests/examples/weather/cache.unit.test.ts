import { describe, expect, test } from 'vitest';
import { weatherLimits } from '#server/weather/limits.ts';
import { forecastOutput, placesOutput } from '#server/weather/schema.ts';
import { advance, fakeClocks } from '#tests/support/fake-clock.ts';
import { paris, weatherOnStandIns } from './stand-ins.ts';

const { upstreams, service } = weatherOnStandIns();

describe('the cache', () => {
  fakeClocks(Date.parse('2026-06-15T10:20:00Z'));
  const { freshFor, staleWhileRevalidateFor, staleIfErrorFor, placesFreshFor } = weatherLimits;

  test('merges twenty concurrent equal calls into one request to each source', async () => {
    const { weather } = service();
    const forecasts = await Promise.all(Array.from({ length: 20 }, () => weather.forecast(paris)));
    expect(upstreams().openMeteo.requests).toHaveLength(1);
    expect(upstreams().airQuality.requests).toHaveLength(1);
    for (const forecast of forecasts) expect(forecast).toEqual(forecasts[0]);
  });

  test('shares a failure between concurrent calls but does not keep it', async () => {
    upstreams().openMeteo.fault({ kind: 'status', status: 400 });
    const { weather } = service();
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => weather.forecast(paris)));
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(upstreams().openMeteo.requests).toHaveLength(1);
    upstreams().openMeteo.fault(undefined);
    expect((await weather.forecast(paris)).source.cache).toBe('miss');
    expect(upstreams().openMeteo.requests).toHaveLength(2);
  });

  test('serves a fresh forecast without a request: its age grows and its time stays', async () => {
    const { weather } = service();
    const first = await weather.forecast(paris);
    advance(freshFor - 1);
    const second = await weather.forecast({ ...paris, lat: paris.lat + 0.0001 });
    expect(second.source).toEqual({
      ...first.source,
      cache: 'hit',
      ageSeconds: Math.floor((freshFor - 1) / 1000),
    });
    expect(second.hourly).toEqual(first.hourly);
    expect(upstreams().openMeteo.requests).toHaveLength(1);
    expect(upstreams().airQuality.requests).toHaveLength(1);
  });

  test('has one forecast per place, number of days and units, but one air quality per place', async () => {
    const { weather } = service();
    await weather.forecast(paris);
    await weather.forecast({ ...paris, days: 3 });
    await weather.forecast({ ...paris, units: 'imperial' });
    expect(upstreams().openMeteo.requests).toHaveLength(3);
    expect(upstreams().airQuality.requests).toHaveLength(1);
    await weather.forecast({ ...paris, lat: paris.lat + 0.01 });
    expect(upstreams().openMeteo.requests).toHaveLength(4);
    expect(upstreams().airQuality.requests).toHaveLength(2);
  });

  test('requests a new forecast after the stale-while-revalidate window', async () => {
    const { weather } = service();
    const first = await weather.forecast(paris);
    advance(staleWhileRevalidateFor);
    const second = await weather.forecast(paris);
    expect(second.source).toMatchObject({ cache: 'miss', ageSeconds: 0 });
    expect(Number(second.source.fetchedAt) - Number(first.source.fetchedAt)).toBe(staleWhileRevalidateFor);
    expect(upstreams().openMeteo.requests).toHaveLength(2);
  });

  test('serves a stale forecast at once and without a warning while one request refreshes it', async () => {
    const { weather } = service();
    await weather.forecast(paris);
    advance(freshFor);
    for (let call = 0; call < 10; call += 1) {
      const { source, warnings } = await weather.forecast(paris);
      expect(source).toMatchObject({ cache: 'stale', ageSeconds: freshFor / 1000 });
      expect(warnings).toEqual([]);
      if (call === 0) expect(upstreams().openMeteo.requests.length).toBeLessThanOrEqual(2);
    }
    await expect.poll(async () => (await weather.forecast(paris)).source.cache).toBe('hit');
    expect(upstreams().openMeteo.requests).toHaveLength(2);
    expect(upstreams().airQuality.requests).toHaveLength(2);
  });

  test('serves the last forecast with a warning and its age while the source fails', async () => {
    const { weather } = service();
    const first = await weather.forecast(paris);
    upstreams().openMeteo.fault({ kind: 'reset' });
    advance(staleWhileRevalidateFor + 90_500);
    const stale = forecastOutput.parse(await weather.forecast(paris));
    expect(stale.source).toEqual({
      ...first.source,
      cache: 'stale',
      ageSeconds: staleWhileRevalidateFor / 1000 + 90,
    });
    expect(stale.hourly).toEqual(first.hourly);
    expect(stale.warnings.map(({ code }) => code)).toEqual(['stale']);

    upstreams().openMeteo.fault(undefined);
    const recovered = await weather.forecast(paris);
    expect(recovered.source.cache).toBe('miss');
    expect(recovered.warnings).toEqual([]);
  });

  test('serves no stale forecast after the stale-if-error window', async () => {
    const { weather } = service();
    await weather.forecast(paris);
    upstreams().openMeteo.fault({ kind: 'status', status: 500 });
    advance(staleIfErrorFor - 1);
    expect((await weather.forecast(paris)).source.cache).toBe('stale');
    advance(1);
    await expect(weather.forecast(paris)).rejects.toMatchObject({ reason: 'upstream_bad_answer' });
  });

  test('serves the last air quality with a warning while its source fails', async () => {
    const { weather } = service();
    const first = await weather.forecast(paris);
    upstreams().airQuality.fault({ kind: 'status', status: 400 });
    advance(staleWhileRevalidateFor);
    const { airQuality, source, warnings } = await weather.forecast(paris);
    expect(airQuality).toEqual(first.airQuality);
    expect(source.cache).toBe('miss');
    expect(warnings.map(({ code }) => code)).toEqual(['air_quality_stale']);
  });

  test('serves no warning for a stale air quality that is being refreshed', async () => {
    const { weather } = service();
    await weather.forecast(paris);
    advance(freshFor);
    const { airQuality, warnings } = await weather.forecast(paris);
    expect(airQuality).not.toBeNull();
    expect(warnings).toEqual([]);
  });

  test('serves places regardless of the case of the name', async () => {
    const { weather } = service();
    const found = placesOutput.parse(await weather.places({ name: 'Berlin', count: 3 }));
    expect(found[0]).toMatchObject({ name: 'Berlin', country: 'Germany', timezone: 'Europe/Berlin' });
    advance(placesFreshFor - 1);
    expect(await weather.places({ name: 'bERLIN', count: 3 })).toEqual(found);
    expect(await weather.places({ name: 'BERLIN', count: 3 })).toEqual(found);
    expect(upstreams().geocoding.requests).toHaveLength(1);
    await weather.places({ name: 'berlin', count: 4 });
    expect(upstreams().geocoding.requests).toHaveLength(2);
    advance(placesFreshFor);
    await weather.places({ name: 'berlin', count: 3 });
    expect(upstreams().geocoding.requests).toHaveLength(3);
  });

  test('keeps the names of each language', async () => {
    const { weather } = service();
    const countries = async (language: 'en' | 'de') =>
      (await weather.places({ name: 'Vienna', count: 1, language })).map(({ country }) => country);
    expect(await countries('de')).toEqual(['Österreich']);
    expect(await countries('en')).toEqual(['Austria']);
    expect(await countries('de')).toEqual(['Österreich']);
    expect(upstreams().geocoding.requests).toHaveLength(2);
  });

  test('keeps a search without results too', async () => {
    const { weather } = service();
    expect(await weather.places({ name: 'Nowhereville', count: 3 })).toEqual([]);
    expect(await weather.places({ name: 'nowhereville', count: 3 })).toEqual([]);
    expect(upstreams().geocoding.requests).toHaveLength(1);
  });
});
