import { describe, expect, test } from 'vitest';
import { answering, json, ok, okay, startRawServer } from './raw-server.ts';
import { clientOf, failureOf } from './support.ts';

describe('fetchJson', () => {
  test('reads JSON from any URL, with its query', async () => {
    const { url, heads } = await startRawServer(okay);
    expect(await clientOf().fetchJson('feed', `${url}/feed.json?a=1&b=%20`)).toEqual({ ok: true });
    expect(heads[0]).toMatch(/^GET \/feed\.json\?a=1&b=%20 HTTP\/1\.1\r\n/);
  });

  test.each([
    ['no JSON', answering('200 OK', json, '<html>'), 'upstream_bad_answer'],
    ['a failure', answering('500 No', json, ok), 'upstream_bad_answer'],
    ['a refusal', answering('403 No', json, ok), 'upstream_refused'],
    [
      'a redirect',
      answering('302 Go', { ...json, location: 'http://127.0.0.1:1/' }, ok),
      'upstream_bad_answer',
    ],
  ] as const)('%s', async (_, script, reason) => {
    const { url } = await startRawServer(script);
    expect((await failureOf(clientOf().fetchJson('feed', url))).reason).toBe(reason);
  });
});
