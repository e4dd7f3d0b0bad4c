import { describe, expect, test } from 'vitest';
import { toInstant } from '#server/weather/convert.ts';
import { emptyResponse, forecastFrom } from './support.ts';

describe('times', () => {
  test.each([
    ['Asia/Kolkata', 19_800, '2026-06-01T05:30', '2026-06-01T00:00:00Z'],
    ['Asia/Kathmandu', 20_700, '2026-01-01T00:00', '2025-12-31T18:15:00Z'],
    ['America/St_Johns', -12_600, '2026-06-01T21:00', '2026-06-02T00:30:00Z'],
    ['Pacific/Kiritimati', 50_400, '2026-01-01T00:00', '2025-12-31T10:00:00Z'],
    ['Etc/GMT+12', -43_200, '2026-12-31T23:00', '2027-01-01T11:00:00Z'],
    ['a leap day', 0, '2028-02-29T12:00', '2028-02-29T12:00:00Z'],
  ])('%s', async (timezone, offset, local, utc) => {
    const { current, hourly, daily, location } = await forecastFrom({
      ...emptyResponse(offset),
      timezone,
      current: { time: local },
      hourly: { time: [local] },
      daily: { time: [local.slice(0, 10)], sunrise: [local] },
    });
    expect(location).toMatchObject({ timezone, utcOffsetSeconds: offset });
    expect(current?.time).toEqual(new Date(utc));
    expect(hourly[0]?.time).toEqual(new Date(utc));
    // The date stays local.
    expect(daily[0]).toMatchObject({
      date: local.slice(0, 10),
      sunrise: new Date(utc),
      sunset: null,
      daylight: 'normal',
    });
  });

  test.each([
    ['the polar night', ['2026-06-21T00:00', '2026-06-21T00:00'], 'polar_night'],
    ['the polar day', ['2026-06-21T00:00', '2026-06-22T00:00'], 'polar_day'],
  ])(
    'in %s, which Open-Meteo marks by midnights, sunrise and sunset are null',
    async (_, [sunrise, sunset], daylight) => {
      const { daily } = await forecastFrom({
        ...emptyResponse(7200),
        timezone: 'Arctic/Longyearbyen',
        daily: { time: ['2026-06-21'], sunrise: [sunrise], sunset: [sunset] },
      });
      expect(daily).toMatchObject([{ sunrise: null, sunset: null, daylight }]);
    },
  );

  test.each([
    ['2026-06-21T00:00', '2026-06-21T23:50', 'normal'],
    ['2026-06-21T00:10', '2026-06-22T00:00', 'normal'],
    ['2026-06-21T12:00', '2026-06-21T12:00', 'normal'],
    ['2026-06-21T04:00', null, 'normal'],
  ])('a sunrise at %s and a sunset at %s stay', async (sunrise, sunset, daylight) => {
    const { daily } = await forecastFrom({
      ...emptyResponse(),
      daily: { time: ['2026-06-21'], sunrise: [sunrise], sunset: [sunset] },
    });
    expect(daily).toMatchObject([
      { sunrise: new Date(`${sunrise}Z`), sunset: sunset && new Date(`${sunset}Z`), daylight },
    ]);
  });

  test('the last day of a month can be a polar day', async () => {
    const { daily } = await forecastFrom({
      ...emptyResponse(),
      daily: { time: ['2026-06-30'], sunrise: ['2026-06-30T00:00'], sunset: ['2026-07-01T00:00'] },
    });
    expect(daily).toMatchObject([{ daylight: 'polar_day' }]);
  });

  test('sunrise, sunset and daylight are null if the times are missing', async () => {
    const { daily } = await forecastFrom({
      ...emptyResponse(7200),
      timezone: 'Arctic/Longyearbyen',
      daily: {
        time: ['2026-06-21', '2026-12-21', '2026-12-22'],
        sunrise: ['', null, '1970-01-01'],
        sunset: [null, '', 'never'],
      },
    });
    expect(daily.map(({ date, sunrise, sunset, daylight }) => [date, sunrise, sunset, daylight])).toEqual([
      ['2026-06-21', null, null, null],
      ['2026-12-21', null, null, null],
      ['2026-12-22', null, null, null],
    ]);
  });

  test('hours with an invalid time are left out', async () => {
    const { hourly, current } = await forecastFrom({
      ...emptyResponse(),
      current: { time: '2026-13-01T00:00', temperature_2m: 1 },
      hourly: {
        time: ['2026-06-01T25:00', '2026-06-01T10:61', '2026-06-01T10:00'],
        temperature_2m: [1, 2, 3],
      },
    });
    expect(current).toBeNull();
    expect(hourly.map(({ temperature }) => temperature)).toEqual([3]);
  });

  test.each([
    '',
    '2026-06-01',
    '2026-06-01T10:00Z',
    '2026-06-01T10:00:00',
    ' 2026-06-01T10:00',
    '2026-99-99T99:99',
  ])('%j is not a time', (text) => {
    expect(toInstant(text, 0)).toBeNull();
  });

  test.each(['2026-02-29T10:00', '2026-02-30T10:00', '2026-04-31T10:00'])(
    'a day that does not exist is not a time and does not roll over to the next month: %s',
    (text) => {
      expect(toInstant(text, 0)).toBeNull();
    },
  );

  test('an offset outside the range of Date results in null, not in an invalid date', () => {
    expect(toInstant('2026-06-01T10:00', 1e13)).toBeNull();
  });

  test.each([
    ['a time in another format', { current: { time: '2026-06-01 10:00' } }],
    ['a number as time', { hourly: { time: [1_780_000_000] } }],
    ['a word as temperature', { current: { time: '2026-06-01T10:00', temperature_2m: 'warm' } }],
    ['a date in another format', { daily: { time: ['1 June 2026'] } }],
    ['a missing offset', { utc_offset_seconds: undefined }],
    ['a missing time zone', { timezone: undefined }],
  ])('%s causes upstream_bad_answer', async (_, part) => {
    await expect(forecastFrom({ ...emptyResponse(), ...part })).rejects.toMatchObject({
      reason: 'upstream_bad_answer',
    });
  });
});
