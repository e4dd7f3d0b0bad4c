import { describe, expect, test } from 'vitest';
import { json, ok, respondOk, respondWith, startRawServer } from './raw-server.ts';
import { clientOf, failureOf } from './support.ts';

describe('fetchJson', () => {
  test('reads JSON from any URL, with its query', async () => {
    const { url, heads } = await startRawServer(respondOk);
    expect(await clientOf().fetchJson('feed', `${url}/feed.json?a=1&b=%20`)).toEqual({ ok: true });
    expect(heads[0]).toMatch(/^GET \/feed\.json\?a=1&b=%20 HTTP\/1\.1\r\n/);
  });

  test.each([
    ['invalid JSON', respondWith('200 OK', json, '<html>'), 'upstream_bad_answer'],
    ['a 500', respondWith('500 No', json, ok), 'upstream_bad_answer'],
    ['a 403', respondWith('403 No', json, ok), 'upstream_refused'],
    [
      'a redirect',
      respondWith('302 Go', { ...json, location: 'http://127.0.0.1:1/' }, ok),
      'upstream_bad_answer',
    ],
  ] as const)('rejects %s', async (_, script, reason) => {
    const { url } = await startRawServer(script);
    expect((await failureOf(clientOf().fetchJson('feed', url))).reason).toBe(reason);
  });
});
