import { describe, expect, test } from 'vitest';
import { json, ok, respondOk, respondWith, startRawServer } from './raw-server.ts';
import { failureOf, requestFrom } from './support.ts';

describe('an upstream status of', () => {
  test.each([
    [400, 'upstream_refused'],
    [401, 'upstream_refused'],
    [403, 'upstream_refused'],
    [404, 'upstream_refused'],
    [410, 'upstream_refused'],
    [418, 'upstream_refused'],
    [429, 'upstream_overloaded'],
    [500, 'upstream_bad_answer'],
    [502, 'upstream_bad_answer'],
    [503, 'upstream_overloaded'],
    [504, 'upstream_bad_answer'],
    [300, 'upstream_bad_answer'],
    [304, 'upstream_bad_answer'],
  ])('%d causes %s without the text of the upstream', async (status, reason) => {
    const body = status === 304 ? '' : '{"error":true,"reason":"secret words"}';
    const failure = await failureOf(requestFrom(respondWith(`${status} Secret`, json, body)));
    expect(failure.reason).toBe(reason);
    const shown = JSON.stringify([failure.message, failure.toData({ path: null, requestId: 'test' })]);
    expect(shown).not.toMatch(/secret/i);
  });

  test.each([404, 410])('%d causes not_found where the resource may be missing', async (status) => {
    const failure = await failureOf(requestFrom(respondWith(`${status} Secret`, json, '{}'), 'named'));
    expect(failure.reason).toBe('not_found');
  });

  test.each([301, 302, 303, 307, 308])('%d is not followed', async (status) => {
    const elsewhere = await startRawServer(respondOk);
    const script = respondWith(`${status} Elsewhere`, { ...json, location: `${elsewhere.url}/things` }, ok);
    const failure = await failureOf(requestFrom(script));
    expect(failure.reason).toBe('upstream_bad_answer');
    expect(elsewhere.heads).toEqual([]);
  });

  test.each([200, 201, 203, 299])('%d succeeds', async (status) => {
    expect(await requestFrom(respondWith(`${status} Fine`, json, ok))).toMatchObject({
      data: { ok: true },
      status,
    });
  });
});
