import { expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { parseRetryHint } from '#server/upstream-client/retry-after.ts';
import { respondWith } from './raw-server.ts';
import { failureOf, requestFrom } from './support.ts';

const now = Date.parse('2026-11-01T12:00:00Z');

const secondsOf = (headers: Record<string, string>, at = now) => parseRetryHint(headers, at).seconds;

test.each([
  ['0', 0],
  ['120', 120],
  [' 7 ', 7],
  ['1.5', 2],
  ['99999999999', limits.upstream.retryAfterCap],
  ['Sun, 01 Nov 2026 12:02:00 GMT', 120],
  ['Sunday, 01-Nov-26 12:02:00 GMT', 120],
  ['Sun, 01 Nov 2026 11:00:00 GMT', 0],
])('Retry-After: %j is parsed as %d seconds', (header, seconds) => {
  expect(secondsOf({ 'retry-after': header })).toBe(seconds);
});

test('a date is rounded up to whole seconds', () => {
  expect(secondsOf({ 'retry-after': 'Sun, 01 Nov 2026 12:00:01 GMT' }, now + 1)).toBe(1);
});

test.each(['', 'soon', '1e3', '-5', '5, 10', '0x10'])('Retry-After: %j is ignored', (header) => {
  expect(secondsOf({ 'retry-after': header })).toBeUndefined();
});

const inHalfAnHour = now / 1000 + 1800;

test.each<[Record<string, string>, number | undefined, boolean]>([
  [{}, undefined, false],
  // GitHub
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(inHalfAnHour) }, 1800, true],
  [{ 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': String(inHalfAnHour) }, undefined, false],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' }, 30, true],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(inHalfAnHour * 1000) }, 1800, true],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2026-11-01T12:30:00Z' }, 1800, true],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(now / 1000 - 5) }, 1, true],
  [{ 'x-ratelimit-remaining': '0' }, undefined, true],
  [{ 'x-ratelimit-reset': '30' }, 30, false],
  [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset-after': '1.25', 'x-ratelimit-reset': '9' }, 2, true],
  [{ 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': String(inHalfAnHour) }, 1800, true],
  // IETF drafts 8 to 11
  [{ ratelimit: '"default";r=0;t=30' }, 30, true],
  [{ ratelimit: 'default;r=0;t=30' }, 30, true],
  [{ ratelimit: '"default";r=5;t=30' }, undefined, false],
  [{ ratelimit: '"a,b";r=9;t=5, "daily";t=9000;r=0, "hourly";r=0;t=60' }, 3600, true],
  [{ ratelimit: '"default";r=0' }, undefined, true],
  // draft 7 and earlier
  [{ ratelimit: 'limit=100, remaining=0, reset=50' }, 50, true],
  [{ ratelimit: 'limit=100, remaining=3, reset=50' }, undefined, false],
  [{ 'ratelimit-limit': '9', 'ratelimit-remaining': '0', 'ratelimit-reset': '50' }, 50, true],
  // Retry-After takes precedence.
  [{ 'retry-after': '7', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' }, 7, true],
  [{ 'retry-after': 'soon', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '60' }, 60, true],
  [
    { ratelimit: 'nonsense', 'x-ratelimit-remaining': 'none', 'x-ratelimit-reset': 'never' },
    undefined,
    false,
  ],
])('%j is parsed as %s seconds', (headers, seconds, isExhausted) => {
  expect(parseRetryHint(headers, now)).toMatchObject({ seconds, isExhausted });
});

test("times are compared with the upstream's own clock", () => {
  const date = 'Sun, 01 Nov 2026 13:00:00 GMT';
  expect(secondsOf({ date, 'retry-after': 'Sun, 01 Nov 2026 13:00:20 GMT' })).toBe(20);
  const reset = String(Date.parse(date) / 1000 + 40);
  expect(secondsOf({ date, 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset })).toBe(40);
});

test.each([429, 503])('a %d with seconds in Retry-After fails with these seconds', async (status) => {
  const failure = await failureOf(
    requestFrom(respondWith(`${status} No`, { 'retry-after': '17' }, 'busy: secret')),
  );
  expect(failure).toMatchObject({ reason: 'upstream_overloaded', httpStatus: 503, retryAfterSeconds: 17 });
  expect(failure.toData({ path: null, requestId: 'test' })).toMatchObject({ retryAfterSeconds: 17 });
  expect(failure.publicMessage).not.toContain('secret');
});

test('a 429 with a date in Retry-After fails with the seconds until then', async () => {
  const at = new Date(Math.ceil(Date.now() / 1000) * 1000 + 600_000);
  const failure = await failureOf(requestFrom(respondWith('429 No', { 'retry-after': at.toUTCString() })));
  expect(failure.reason).toBe('upstream_overloaded');
  expect(failure.retryAfterSeconds).toBeGreaterThan(500);
  expect(failure.retryAfterSeconds).toBeLessThanOrEqual(601);
});

test('a date in Retry-After is compared with the clock of the upstream', async () => {
  const failure = await failureOf(
    requestFrom(
      respondWith('429 No', {
        date: 'Sun, 01 Nov 2020 12:00:00 GMT',
        'retry-after': 'Sun, 01 Nov 2020 12:00:30 GMT',
      }),
    ),
  );
  expect(failure.retryAfterSeconds).toBe(30);
});

test.each([429, 503])('a %d without Retry-After still tells callers when to try again', async (status) => {
  const failure = await failureOf(requestFrom(respondWith(`${status} No`, {})));
  expect(failure).toMatchObject({ reason: 'upstream_overloaded', retryAfterSeconds: 5 });
  expect(failure.toData({ path: null, requestId: 'test' })).toMatchObject({ retryAfterSeconds: 5 });
});

test('other failures ignore Retry-After', async () => {
  const failure = await failureOf(requestFrom(respondWith('500 No', { 'retry-after': '17' })));
  expect(failure).toMatchObject({ reason: 'upstream_bad_answer', retryAfterSeconds: undefined });
});
