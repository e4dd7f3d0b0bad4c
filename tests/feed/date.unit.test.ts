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
