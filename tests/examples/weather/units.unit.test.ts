import { describe, expect, test } from 'vitest';
import { emptyResponse, forecastFrom, somewhere, weatherFrom } from './support.ts';

describe('the units of a forecast are', () => {
  const defaults = { temperature: '°C', windSpeed: 'km/h', precipitation: 'mm' };

  test.each<[string, Record<string, object>, object]>([
    ['those requested if the response states none', {}, {}],
    ['those of the hours', { hourly_units: { temperature_2m: '°F' } }, { temperature: '°F' }],
    ['those of the current weather', { current_units: { wind_speed_10m: 'm/s' } }, { windSpeed: 'm/s' }],
    [
      'those of the days, under their own names',
      { daily_units: { temperature_2m_max: '°F', precipitation_sum: 'inch' } },
      { temperature: '°F', precipitation: 'inch' },
    ],
    [
      'those of the hours rather than those of other blocks',
      {
        daily_units: { precipitation_sum: 'a' },
        current_units: { precipitation: 'b' },
        hourly_units: { precipitation: 'inch' },
      },
      { precipitation: 'inch' },
    ],
    [
      'those of the current weather rather than those of the days',
      { daily_units: { precipitation_sum: 'a' }, current_units: { precipitation: 'inch' } },
      { precipitation: 'inch' },
    ],
    ['mph for mp/h', { hourly_units: { wind_speed_10m: 'mp/h' } }, { windSpeed: 'mph' }],
    ['those requested instead of an empty unit', { hourly_units: { temperature_2m: '' } }, {}],
  ])('%s', async (_, blocks, stated) => {
    expect((await forecastFrom({ ...emptyResponse(), ...blocks })).units).toEqual({ ...defaults, ...stated });
  });

  test('imperial if they were requested and the response states none', async () => {
    expect((await forecastFrom(emptyResponse(), { ...somewhere, units: 'imperial' })).units).toEqual({
      temperature: '°F',
      windSpeed: 'mph',
      precipitation: 'inch',
    });
  });
});

describe('the air quality', () => {
  const values = { european_aqi: 1, us_aqi: 2, pm10: 3, pm2_5: 4, ozone: 5, nitrogen_dioxide: 6 };
  const read = async (current: object) => {
    const weather = await weatherFrom({
      forecast: emptyResponse(),
      airQuality: { ...emptyResponse(-3600), current },
    });
    return weather.forecast(somewhere);
  };

  test('has each of its values', async () => {
    const { airQuality, warnings } = await read({ time: '2026-06-01T10:00', ...values });
    expect(airQuality).toEqual({
      time: new Date('2026-06-01T11:00:00Z'),
      europeanAqi: 1,
      usAqi: 2,
      pm10: 3,
      pm25: 4,
      ozone: 5,
      nitrogenDioxide: 6,
    });
    expect(warnings).toEqual([]);
  });

  test('is not available without a time that exists', async () => {
    const { airQuality, warnings } = await read({ time: '2026-02-30T10:00', ...values });
    expect(airQuality).toBeNull();
    expect(warnings).toEqual([
      { code: 'air_quality_unavailable', message: 'Air quality is not available at the moment.' },
    ]);
  });
});

test('the parts of a cached forecast are converted once, cannot be changed, and are shared', async () => {
  const weather = await weatherFrom({
    forecast: {
      ...emptyResponse(),
      current: { time: '2026-06-01T10:00' },
      hourly: { time: ['2026-06-01T10:00'], temperature_2m: [20] },
    },
    airQuality: { ...emptyResponse(), current: { time: '2026-06-01T10:00', pm10: 1 } },
  });
  const [one, other] = [await weather.forecast(somewhere), await weather.forecast(somewhere)];
  expect(one.source.cache).toBe('miss');
  expect(other.source.cache).toBe('hit');
  expect(other).not.toBe(one);
  for (const part of ['current', 'hourly', 'units', 'airQuality'] as const) {
    expect(other[part]).toBe(one[part]);
    expect(Object.isFrozen(one[part]), part).toBe(true);
  }
  expect(Object.isFrozen(one.hourly[0])).toBe(true);
});
