import { describe, expect, test } from 'vitest';
import { items } from '#tests/fixtures/upstreams/items.ts';
import { search } from '#tests/fixtures/upstreams/search.ts';
import { json, respondOk, respondWith, startRawServer } from './raw-server.ts';
import { clientOf, failureOf, upstreamAt } from './support.ts';

/** Returns the headers of a received request head. */
function headersOf(head: string | undefined): Record<string, string> {
  const lines = (head ?? '').split('\r\n').slice(1);
  return Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
}

describe('request headers', () => {
  test('of a GET are exactly those of the client', async () => {
    const { url, heads } = await startRawServer(respondOk);
    const upstream = upstreamAt(url);
    await clientOf().request(upstream, upstream.endpoints.json, {});
    expect(headersOf(heads[0])).toEqual({
      host: new URL(url).host,
      connection: 'keep-alive',
      accept: 'application/json',
      'accept-encoding': 'gzip, br',
      'user-agent': 'typed-bff',
    });
  });

  test('of a POST include the type and length of its body', async () => {
    const { url, heads } = await startRawServer(respondOk);
    const upstream = upstreamAt(url);
    await clientOf().request(upstream, upstream.endpoints.create, { body: { name: 'é', other: 'dropped' } });
    expect(headersOf(heads[0])).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength('{"name":"é"}')),
    });
  });

  test('cannot be added by a call', async () => {
    const { url, heads } = await startRawServer(respondOk);
    const upstream = upstreamAt(url);
    const call = {
      // This endpoint does not declare a query either.
      query: { x: '1' },
      headers: { authorization: 'Bearer mine', cookie: 'a=b' },
      method: 'DELETE',
      path: '/other',
    };
    await clientOf().request(upstream, upstream.endpoints.json, call);
    expect(heads[0]).toMatch(/^GET \/things HTTP\/1\.1\r\n/);
    expect(heads[0]).not.toMatch(/authorization|cookie/i);
  });

  const item = { params: { owner: 'trpc', repo: 'trpc' } };

  test('contain the credential from the environment only for its own upstream', async () => {
    const { url, heads } = await startRawServer(respondWith('404 No', json, '{}'));
    const client = clientOf({
      FIXTURE_ITEMS_URL: url,
      FIXTURE_ITEMS_TOKEN: 'token-of-the-operator',
      FIXTURE_SEARCH_URL: url,
    });
    await failureOf(client.request(items, items.endpoints.item, item));
    await failureOf(client.request(search, search.endpoints.byName, { query: { name: 'x', count: 1 } }));
    expect(headersOf(heads[0])).toMatchObject({
      authorization: 'Bearer token-of-the-operator',
      'x-items-version': '2',
    });
    expect(headersOf(heads[1]).authorization).toBeUndefined();
  });

  test('contain no credential when the environment has none', async () => {
    const { url, heads } = await startRawServer(respondWith('404 No', json, '{}'));
    await failureOf(clientOf({ FIXTURE_ITEMS_URL: url }).request(items, items.endpoints.item, item));
    expect(heads).toHaveLength(1);
    expect(headersOf(heads[0]).authorization).toBeUndefined();
  });
});
