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
  const clock = clockOf({ timezone, utcOffsetSeconds });
  expect(`${clock.weekday(new Date(instant))} ${clock.time(new Date(instant))}`).toBe(local);
});
