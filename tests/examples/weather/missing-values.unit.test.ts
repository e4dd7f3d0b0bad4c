import { describe, expect, test } from 'vitest';
import { emptyResponse, forecastFrom, somewhere, weatherFrom } from './support.ts';

const noHour = {
  temperature: null,
  apparentTemperature: null,
  precipitation: null,
  precipitationProbability: null,
  windSpeed: null,
  windDirection: null,
  weatherCode: null,
  summary: null,
  isDay: null,
};
const noDay = {
  temperatureMin: null,
  temperatureMax: null,
  precipitationSum: null,
  precipitationProbabilityMax: null,
  uvIndexMax: null,
  weatherCode: null,
  summary: null,
  sunrise: null,
  sunset: null,
  daylight: null,
};

describe('a response may lack', () => {
  test('every block', async () => {
    const forecast = await forecastFrom(emptyResponse());
    expect(forecast).toMatchObject({
      current: null,
      hourly: [],
      daily: [],
      airQuality: null,
      units: { temperature: '°C', windSpeed: 'km/h', precipitation: 'mm' },
    });
  });

  test.each(['current', 'hourly', 'daily'] as const)('only %s', async (missing) => {
    const blocks = {
      current: { time: '2026-06-01T10:00', temperature_2m: 20 },
      hourly: { time: ['2026-06-01T10:00'], temperature_2m: [20] },
      daily: { time: ['2026-06-01'], temperature_2m_max: [20] },
    };
    const { [missing]: _, ...rest } = blocks;
    const forecast = await forecastFrom({ ...emptyResponse(), ...rest });
    expect(forecast.current === null).toBe(missing === 'current');
    expect(forecast.hourly).toHaveLength(missing === 'hourly' ? 0 : 1);
    expect(forecast.daily).toHaveLength(missing === 'daily' ? 0 : 1);
  });

  test('the elevation', async () => {
    const { elevation: _, ...response } = emptyResponse();
    expect((await forecastFrom(response)).location.elevation).toBeNull();
    expect((await forecastFrom({ ...response, elevation: null })).location.elevation).toBeNull();
  });

  test('single values of a column', async () => {
    const { hourly, daily } = await forecastFrom({
      ...emptyResponse(),
      hourly: {
        time: ['2026-06-01T00:00', '2026-06-01T01:00'],
        temperature_2m: [null, 0],
        precipitation: [0, null],
        weather_code: [null, 0],
        is_day: [null, 0],
      },
      daily: { time: ['2026-06-01', '2026-06-02'], temperature_2m_min: [null, 0], weather_code: [3, null] },
    });
    expect(hourly).toEqual([
      { ...noHour, time: new Date('2026-06-01T00:00:00Z'), precipitation: 0 },
      {
        ...noHour,
        time: new Date('2026-06-01T01:00:00Z'),
        temperature: 0,
        weatherCode: 0,
        summary: 'Clear sky',
        isDay: false,
      },
    ]);
    expect(daily).toEqual([
      { ...noDay, date: '2026-06-01', weatherCode: 3, summary: 'Overcast' },
      { ...noDay, date: '2026-06-02', temperatureMin: 0 },
    ]);
  });

  test('whole columns, which are null or absent', async () => {
    const { hourly, daily } = await forecastFrom({
      ...emptyResponse(),
      hourly: { time: ['2026-06-01T00:00'], temperature_2m: null, weather_code: null, is_day: null },
      daily: { time: ['2026-06-01'], temperature_2m_max: null, sunrise: null },
    });
    expect(hourly).toEqual([{ ...noHour, time: new Date('2026-06-01T00:00:00Z') }]);
    expect(daily).toEqual([{ ...noDay, date: '2026-06-01' }]);
  });

  test('the end of a column that is shorter than time', async () => {
    const { hourly, daily } = await forecastFrom({
      ...emptyResponse(),
      hourly: { time: ['2026-06-01T00:00', '2026-06-01T01:00'], temperature_2m: [11.5], is_day: [] },
      daily: { time: ['2026-06-01', '2026-06-02'], sunrise: ['2026-06-01T04:00'], weather_code: [45] },
    });
    expect(hourly.map(({ temperature, isDay }) => [temperature, isDay])).toEqual([
      [11.5, null],
      [null, null],
    ]);
    expect(daily).toEqual([
      {
        ...noDay,
        date: '2026-06-01',
        weatherCode: 45,
        summary: 'Fog',
        sunrise: new Date('2026-06-01T04:00:00Z'),
        daylight: 'normal',
      },
      { ...noDay, date: '2026-06-02' },
    ]);
  });

  test('every value of the current weather', async () => {
    const { current } = await forecastFrom({
      ...emptyResponse(),
      current: { time: '2026-06-01T10:15', temperature_2m: null, weather_code: null, is_day: null },
    });
    expect(current).toEqual({
      time: new Date('2026-06-01T10:15:00Z'),
      temperature: null,
      apparentTemperature: null,
      relativeHumidity: null,
      precipitation: null,
      windSpeed: null,
      windDirection: null,
      weatherCode: null,
      summary: null,
      isDay: null,
    });
  });

  test('every value of the air quality', async () => {
    const weather = await weatherFrom({
      forecast: emptyResponse(),
      airQuality: { ...emptyResponse(3600), current: { time: '2026-06-01T10:00', pm10: null, ozone: 0 } },
    });
    expect((await weather.forecast(somewhere)).airQuality).toEqual({
      time: new Date('2026-06-01T09:00:00Z'),
      europeanAqi: null,
      usAqi: null,
      pm10: null,
      pm25: null,
      ozone: 0,
      nitrogenDioxide: null,
    });
  });
});

test('an array with one place is unwrapped; any other length is rejected', async () => {
  const one = { ...emptyResponse(), timezone: 'Europe/Zurich' };
  expect((await forecastFrom([one])).location.timezone).toBe('Europe/Zurich');
  await expect(forecastFrom([one, one])).rejects.toMatchObject({ reason: 'upstream_bad_answer' });
  await expect(forecastFrom([])).rejects.toMatchObject({ reason: 'upstream_bad_answer' });
});
