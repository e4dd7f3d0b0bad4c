import { expect, test } from 'vitest';
import { parseRetryAfter } from '#server/upstream-client/http.ts';
import { respondWith } from './raw-server.ts';
import { failureOf, requestFrom } from './support.ts';

const now = Date.parse('2026-11-01T12:00:00Z');

test.each([
  ['0', 0],
  ['120', 120],
  [' 7 ', 7],
  ['Sun, 01 Nov 2026 12:02:00 GMT', 120],
  ['Sunday, 01-Nov-26 12:02:00 GMT', 120],
  ['Sun, 01 Nov 2026 11:00:00 GMT', 0],
])('%j is parsed as %d seconds', (header, seconds) => {
  expect(parseRetryAfter(header, now)).toBe(seconds);
});

test('a date is rounded up to whole seconds', () => {
  expect(parseRetryAfter('Sun, 01 Nov 2026 12:00:01 GMT', now + 1)).toBe(1);
});

test.each([undefined, '', 'soon', '1e3', '99999999999'])('%j is ignored', (header) => {
  expect(parseRetryAfter(header, now)).toBeUndefined();
});

test.each(['-5', '1.5', '5, 10'])('%j is neither seconds nor a date', (header) => {
  expect(parseRetryAfter(header, now)).toBeUndefined();
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

test('a 429 without Retry-After fails without seconds', async () => {
  const failure = await failureOf(requestFrom(respondWith('429 No', {})));
  expect(failure.reason).toBe('upstream_overloaded');
  expect('retryAfterSeconds' in failure.toData({ path: null, requestId: 'test' })).toBe(false);
});

test('other failures ignore Retry-After', async () => {
  const failure = await failureOf(requestFrom(respondWith('500 No', { 'retry-after': '17' })));
  expect(failure).toMatchObject({ reason: 'upstream_bad_answer', retryAfterSeconds: undefined });
});
