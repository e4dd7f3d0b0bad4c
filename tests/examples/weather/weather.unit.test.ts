import { describe, expect, test } from 'vitest';
import { forecastOutput } from '#server/weather/schema.ts';
import { paris, weatherOnStandIns } from './stand-ins.ts';
import { emptyResponse, forecastFrom } from './support.ts';

const { upstreams, service } = weatherOnStandIns();

describe('a forecast', () => {
  test('matches the contract and is marked as synthetic', async () => {
    const forecast = forecastOutput.parse(await service().weather.forecast(paris));
    expect(forecast.source).toMatchObject({
      provider: 'Synthetic stand-in',
      synthetic: true,
      cache: 'miss',
      ageSeconds: 0,
    });
    expect(forecast.attribution.text).toContain('Synthetic');
    expect(forecast.warnings).toEqual([]);
    expect(forecast.airQuality).not.toBeNull();
    expect(forecast.current).not.toBeNull();
    expect(forecast.daily.map(({ date }) => date)).toEqual(['2026-06-15', '2026-06-16']);
  });

  test.each([
    ['fails', { kind: 'status', status: 500, body: '{"error":true,"reason":"secret-of-the-source"}' }],
    ['is overloaded', { kind: 'status', status: 503 }],
    ['resets', { kind: 'reset' }],
    ['returns an invalid response', { kind: 'body', body: '<p>', contentType: 'text/html' }],
  ] as const)('has a warning if the air quality %s', async (_, fault) => {
    upstreams().airQuality.fault(fault);
    const { weather, lines } = service();
    const forecast = forecastOutput.parse(await weather.forecast(paris));
    expect(forecast.airQuality).toBeNull();
    expect(forecast.hourly).toHaveLength(48);
    expect(forecast.warnings.map(({ code }) => code)).toEqual(['air_quality_unavailable']);
    expect(JSON.stringify(forecast)).not.toContain('secret-of-the-source');
    expect(lines.filter((line) => line.includes('"level":"warn"'))).toHaveLength(1);
  });

  test('fails if the weather fails, even if the air quality is available', async () => {
    upstreams().openMeteo.fault({ kind: 'status', status: 500 });
    await expect(service().weather.forecast(paris)).rejects.toMatchObject({ reason: 'upstream_bad_answer' });
  });

  test.each([
    [404, undefined],
    [429, 'upstream_overloaded'],
    [503, 'upstream_overloaded'],
    [400, 'upstream_refused'],
    [502, 'upstream_bad_answer'],
  ])(
    'reports a %d of the upstream as an upstream failure, never as an error of the caller',
    async (status, reason) => {
      upstreams().openMeteo.fault({ kind: 'status', status, body: '{"error":true,"reason":"no"}' });
      await expect(service().weather.forecast(paris)).rejects.toMatchObject({
        name: 'AppError',
        reason: reason ?? expect.stringMatching(/^upstream_/),
      });
    },
  );

  test('does not wait for an air quality that takes too long', { timeout: 20_000 }, async () => {
    upstreams().airQuality.fault({ kind: 'hang' });
    const { weather } = service();
    const { airQuality, warnings } = await weather.forecast(paris);
    expect(airQuality).toBeNull();
    expect(warnings.map(({ code }) => code)).toEqual(['air_quality_unavailable']);
  });

  test('has the attribution that the licence of the data requires', async () => {
    const { attribution } = await forecastFrom(emptyResponse());
    expect(attribution).toEqual({ text: 'Weather data by Open-Meteo.com', url: 'https://open-meteo.com/' });
    expect((await service().weather.forecast(paris)).attribution).toEqual({
      text: 'Synthetic weather for offline use, not a forecast',
      url: 'https://open-meteo.com/',
    });
  });
});
