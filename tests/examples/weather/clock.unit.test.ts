import { expect, test } from 'vitest';
import { clockOf } from '#app/(interactive)/weather/format.ts';

test.each([
  ['America/Toronto', -18_000, '2026-03-08T06:59:00Z', 'Sun 01:59'],
  ['America/Toronto', -18_000, '2026-03-08T07:00:00Z', 'Sun 03:00'],
  ['America/Toronto', -14_400, '2026-11-01T05:30:00Z', 'Sun 01:30'],
  ['America/Toronto', -14_400, '2026-11-01T06:30:00Z', 'Sun 01:30'],
  ['Europe/Berlin', 7_200, '2026-10-25T23:00:00Z', 'Mon 00:00'],
  ['Asia/Kathmandu', 20_700, '2026-01-01T18:15:00Z', 'Fri 00:00'],
  ['Pacific/Kiritimati', 50_400, '2026-01-01T10:00:00Z', 'Fri 00:00'],
  ['Etc/GMT+12', -43_200, '2026-01-01T11:30:00Z', 'Wed 23:30'],
  ['GMT', 0, '2026-01-01T00:05:00Z', 'Thu 00:05'],
  ['Mars/Olympus', 3_600, '2026-01-01T23:00:00Z', 'Fri 00:00'],
])('in %s with the offset %i, %s is %s', (timezone, utcOffsetSeconds, instant, local) => {
  const clock = clockOf({ timezone, utcOffsetSeconds }, 'h23');
  expect(clock.weekdayTime(new Date(instant))).toBe(local);
  expect(clock.day(new Date(instant)).slice(0, 3)).toBe(local.slice(0, 3));
});

test.each([
  ['00:00', '12:00 AM', '00:00', '12 AM', 0],
  ['09:05', '9:05 AM', '09:05', '9:05 AM', undefined],
  ['12:00', '12:00 PM', '12:00', '12 PM', 12],
  ['23:00', '11:00 PM', '23:00', '11 PM', 23],
])('%s is %s with 12 hours, and %s or %s on an axis', (time, time12, hour, hour12, fullHour) => {
  for (const timezone of ['Etc/UTC', 'Mars/Olympus']) {
    const instant = new Date(`2026-11-23T${time}:00Z`);
    const clocks = (['h23', 'h12'] as const).map((cycle) =>
      clockOf({ timezone, utcOffsetSeconds: 0 }, cycle),
    );
    expect(clocks.map((clock) => clock.time(instant))).toEqual([time, time12]);
    expect(clocks.map((clock) => clock.hour(instant))).toEqual([hour, hour12]);
    expect(clocks.map((clock) => clock.fullHour(instant))).toEqual([fullHour, fullHour]);
    expect(clocks.map((clock) => clock.day(instant))).toEqual(['Mon 23', 'Mon 23']);
    expect(clocks.map((clock) => clock.date(instant))).toEqual(['2026-11-23', '2026-11-23']);
  }
});
