import { afterEach, describe, expect, test } from 'vitest';
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
  ['Sun Nov  1 12:02:00 2026', 120],
  ['2026-11-01T13:02:00+01:00', 120],
  ['2026-11-01T11:02:00-0100', 120],
  ['999999999', limits.upstream.retryAfterCap],
  ['1000000000', 0],
  ['100000000000', 0],
  ['999999999999999', limits.upstream.retryAfterCap],
])('Retry-After: %j is parsed as %d seconds', (header, seconds) => {
  expect(secondsOf({ 'retry-after': header })).toBe(seconds);
});

test('a date is rounded up to whole seconds', () => {
  expect(secondsOf({ 'retry-after': 'Sun, 01 Nov 2026 12:00:01 GMT' }, now + 1)).toBe(1);
});

const noTimes = ['', 'soon', '1e3', '-5', '5, 10', '0x10', 'at Sun, 01 Nov 2026 12:02:00 GMT'];
test.each(noTimes)('Retry-After: %j is ignored', (header) => {
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
  [{ ratelimit: '"hourly";r=0;t=60, "minutely";r=0;t=9' }, 60, true],
  [{ ratelimit: '"minutely";r=0;t=9, "hourly";r=0;t=60' }, 60, true],
  [{ ratelimit: '"a";r=0, "b";r=0;t=60' }, 60, true],
  [{ ratelimit: '"a";r=0;t=60, "b";r=0' }, 60, true],
  [{ ratelimit: '"a";r=1;t=9, "b";r=2;t=60' }, undefined, false],
  [{ ratelimit: '"a";t=60;q=5' }, undefined, false],
  [{ ratelimit: '"hourly";r=0;t=60, "daily";r=9;t=9000' }, 60, true],
  [{ ratelimit: '"remaining=0,r=0;t=9";r=9;t=5' }, undefined, false],
  [{ ratelimit: '"a, b";r=0;t=60' }, 60, true],
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

test('a header that occurs several times is read as one list', () => {
  const headers = { ratelimit: ['"minutely";r=9;t=5', '"daily";r=0;t=600'] };
  expect(parseRetryHint(headers, now)).toMatchObject({ seconds: 600, isExhausted: true });
});

test.each([
  ['Retry-After', { 'retry-after': '5' }, true],
  ['an invalid Retry-After', { 'retry-after': 'soon' }, false],
  ['only a rate limit', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '5' }, false],
])('with %s a response has a Retry-After: %s', (_, headers, has) => {
  expect(parseRetryHint(headers, now).hasRetryAfter).toBe(has);
});

describe.each(['UTC', 'Asia/Tokyo', 'America/Toronto'])('on a host in %s', (zone) => {
  const hostZone = process.env.TZ;
  afterEach(() => {
    if (hostZone === undefined) delete process.env.TZ;
    else process.env.TZ = hostZone;
  });

  test.each(['Sun Nov  1 12:02:00 2026', 'Sun, 01 Nov 2026 12:02:00', '2026-11-01T12:02:00'])(
    'a date without a zone is in GMT: %s',
    (date) => {
      process.env.TZ = zone;
      expect(secondsOf({ 'retry-after': date })).toBe(120);
    },
  );
});

test.each([
  ['an invalid Retry-After', { 'retry-after': 'soon' }, 'upstream_refused'],
  ['requests left', { 'x-ratelimit-remaining': '1' }, 'upstream_refused'],
  ['no requests left, and no time', { 'x-ratelimit-remaining': '0' }, 'upstream_overloaded'],
])('a 403 with %s is %s', async (_, headers, reason) => {
  expect((await failureOf(requestFrom(respondWith('403 No', headers)))).reason).toBe(reason);
});
