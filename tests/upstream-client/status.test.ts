import { describe, expect, test } from 'vitest';
import { answering, json, ok, okay, startRawServer } from './raw-server.ts';
import { askRaw, failureOf } from './support.ts';

describe('statuses', () => {
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
  ])('%d is %s, and its words stay here', async (status, reason) => {
    const body = status === 304 ? '' : '{"error":true,"reason":"secret words"}';
    const failure = await failureOf(askRaw(answering(`${status} Secret`, json, body)));
    expect(failure.reason).toBe(reason);
    const shown = JSON.stringify([failure.message, failure.toData({ path: null, requestId: 'test' })]);
    expect(shown).not.toMatch(/secret/i);
  });

  test.each([404, 410])('%d of what the caller named is not_found', async (status) => {
    const failure = await failureOf(askRaw(answering(`${status} Secret`, json, '{}'), 'named'));
    expect(failure.reason).toBe('not_found');
  });

  test.each([301, 302, 303, 307, 308])('%d leads nowhere', async (status) => {
    const elsewhere = await startRawServer(okay);
    const script = answering(`${status} Elsewhere`, { ...json, location: `${elsewhere.url}/things` }, ok);
    const failure = await failureOf(askRaw(script));
    expect(failure.reason).toBe('upstream_bad_answer');
    expect(elsewhere.heads).toEqual([]);
  });

  test.each([200, 201, 203])('%d is an answer', async (status) => {
    expect(await askRaw(answering(`${status} Fine`, json, ok))).toMatchObject({ data: { ok: true }, status });
  });
});
