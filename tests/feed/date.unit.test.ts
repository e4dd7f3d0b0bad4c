import { afterEach, describe, expect, test } from 'vitest';
import { fromUnixTime, parseDate } from '#server/feed/date.ts';

const hostZone = process.env.TZ;
afterEach(() => {
  if (hostZone === undefined) delete process.env.TZ;
  else process.env.TZ = hostZone;
});

describe.each(['UTC', 'Asia/Tokyo', 'America/Toronto'])('on a host in %s', (zone) => {
  test.each([
    ['2026-11-20T10:00:00Z', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20T10:00:00-06:00', '2026-11-20T16:00:00.000Z'],
    ['2026-11-20T10:00:00-0600', '2026-11-20T16:00:00.000Z'],
    ['2026-11-20T10:00:00.1234567+05:30', '2026-11-20T04:30:00.123Z'],
    ['2026-11-20T10:00Z[Europe/Berlin]', '2026-11-20T10:00:00.000Z'],
    ['2026-12-31T23:59:60Z', '2027-01-01T00:00:00.000Z'],
    ['2016-05-10 12:41:00 +0000', '2016-05-10T12:41:00.000Z'],
    ['2016-05-10 12:41:00 +0200', '2016-05-10T10:41:00.000Z'],
    ['2016-05-10 12:41:00 UTC', '2016-05-10T12:41:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20T10:00', '2026-11-20T10:00:00.000Z'],
    ['2026-11-20 10:00', '2026-11-20T10:00:00.000Z'],
    ['2026/11/3', '2026-11-03T00:00:00.000Z'],
    ['Jul 08 2022', '2022-07-08T00:00:00.000Z'],
    ['July 8th, 2022', '2022-07-08T00:00:00.000Z'],
    ['8 Jul 2022', '2022-07-08T00:00:00.000Z'],
    ['Nov 3, 2026 10:00 PM', '2026-11-03T22:00:00.000Z'],
    ['Mon, 02 Nov 2026 10:00:00 GMT', '2026-11-02T10:00:00.000Z'],
    ['Mon, 02 Nov 2026 10:00:00 +0200', '2026-11-02T08:00:00.000Z'],
    ['Mon, 02 Nov 2026 10:00:00', '2026-11-02T10:00:00.000Z'],
    ['2 Nov 26 10:00 EST', '2026-11-02T15:00:00.000Z'],
    ['Mon, 02 Nov 2026 10:00:00 CEST', '2026-11-02T10:00:00.000Z'],
    ['Tue Nov  3 10:00:00 2026', '2026-11-03T10:00:00.000Z'],
    ['Tue Nov 03 2026 10:00:00 GMT+0100 (Central European Standard Time)', '2026-11-03T09:00:00.000Z'],
  ])('%s is %s', (text, instant) => {
    process.env.TZ = zone;
    expect(parseDate(text)?.toISOString()).toBe(instant);
  });
});

test.each([
  '',
  'soon',
  'Chapter 7',
  'May I come in',
  '2026-02-30',
  '30 Feb 2026',
  '2026-13-01',
  '2026-11-20T25:00Z',
  '2026-11-20T10:00:00Z and more',
  '11/03/2026',
  '0000-01-01',
  '+012026-01-01T00:00:00Z',
  `2026-11-20${' '.repeat(100)}`,
])('%j is not a date', (text) => {
  expect(parseDate(text)).toBeNull();
});

test('Unix time is in seconds or in milliseconds', () => {
  const date = new Date('2026-11-20T10:00:00Z');
  expect(fromUnixTime(date.getTime())).toEqual(date);
  expect(fromUnixTime(date.getTime() / 1000)).toEqual(date);
  expect(fromUnixTime(Number.MAX_VALUE)).toBeNull();
  expect(fromUnixTime(Number.NaN)).toBeNull();
});

test.each([
  ['EST', 15],
  ['EDT', 14],
  ['CST', 16],
  ['CDT', 15],
  ['MST', 17],
  ['MDT', 16],
  ['PST', 18],
  ['PDT', 17],
  ['est', 15],
  ['UT', 10],
  ['Z', 10],
])('10:00 in the zone %s is %d:00 UTC', (zone, hour) => {
  expect(parseDate(`2 Nov 2026 10:00 ${zone}`)).toEqual(new Date(Date.UTC(2026, 10, 2, hour)));
});

test.each([
  ['2026-11-20T24:00', '2026-11-21T00:00:00.000Z'],
  ['2026-11-20T23:59:60', '2026-11-21T00:00:00.000Z'],
  ['2026-11-20T10:00:00,5', '2026-11-20T10:00:00.500Z'],
  ['2026-11-20 10:00 +5', '2026-11-20T05:00:00.000Z'],
  ['2026-11-20 10:00 GMT-1', '2026-11-20T11:00:00.000Z'],
  ['Nov 3, 2026 10:00 p.m.', '2026-11-03T22:00:00.000Z'],
  ['Nov 3, 2026 10:00 AM EST', '2026-11-03T15:00:00.000Z'],
  ['2nd Feb 2026', '2026-02-02T00:00:00.000Z'],
  ['0001-01-01', '0001-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59', '9999-12-31T23:59:00.000Z'],
  [`2026-11-20${' '.repeat(90)}`, '2026-11-20T00:00:00.000Z'],
  ['20 September 2026', '2026-09-20T00:00:00.000Z'],
])('%j is %s', (text, instant) => {
  expect(parseDate(text)?.toISOString()).toBe(instant);
});

test.each([
  '2026-11-20T10:60',
  '2026-11-20T10:00:61',
  '2026-00-10',
  '2026-10-00',
  '9999-12-31T23:59-01:00',
  '0001-01-01T00:00+01:00',
])('%s is beyond a limit', (text) => {
  expect(parseDate(text)).toBeNull();
});

test.each([
  [99_999_999_999, '5138-11-16T09:46:39.000Z'],
  [100_000_000_000, '1973-03-03T09:46:40.000Z'],
  [-100_000_000_000, '1966-10-31T14:13:20.000Z'],
  [253_402_300_799_000, '9999-12-31T23:59:59.000Z'],
])('the Unix time %d is %s', (value, instant) => {
  expect(fromUnixTime(value)?.toISOString()).toBe(instant);
});

test('a Unix time after the year 9999 is no date', () => {
  expect(fromUnixTime(253_402_300_800_000)).toBeNull();
});
