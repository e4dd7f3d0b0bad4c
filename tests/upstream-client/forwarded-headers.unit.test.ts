import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';
import { defineUpstream } from '#server/upstream-client/declaration.ts';
import { json, ok, respondOk, respondWith, type Script, startRawServer, wire } from './raw-server.ts';
import { clientOf } from './support.ts';

/** Responds with the request's Accept-Language in the body and the ETag. */
const echo: Script = (socket, head) => {
  const language = /^accept-language: (.*)$/im.exec(head)?.[1] ?? 'none';
  const headers = { ...json, etag: `"${language}"`, 'x-other': 'of the upstream', 'set-cookie': 'a=b' };
  socket.write(wire('200 OK', headers, JSON.stringify({ language })));
};

function upstreamAt(url: string, name = 'sample') {
  const common = {
    method: 'GET',
    summary: 'A thing',
    description: 'In some language.',
    example: {},
    answer: { kind: 'json', schema: z.object({ language: z.string() }) },
  } as const;
  return defineUpstream({
    name,
    title: 'Sample',
    origin: () => url,
    headers: { 'x-fixed': 'ours' },
    credential: { header: 'x-key', value: (env) => env.FIXTURE_ITEMS_TOKEN },
    endpoints: {
      passing: {
        ...common,
        template: '/passing',
        requestHeaders: ['accept-language'],
        responseHeaders: ['etag', 'last-modified'],
        cache: { freshFor: 60_000, staleIfErrorFor: 60_000 },
      },
      plain: { ...common, template: '/plain' },
      anonymous: { ...common, template: '/anonymous', anonymous: true },
    },
  });
}

const caller =
  (headers: Record<string, string>) =>
  (name: string): string | null =>
    headers[name] ?? null;

async function setUp() {
  const { url, heads } = await startRawServer(echo);
  const upstream = upstreamAt(url);
  const client = clientOf({ FIXTURE_ITEMS_TOKEN: 'of-the-operator' });
  type Name = keyof typeof upstream.endpoints;
  return {
    heads,
    ask: (name: Name, headers: Record<string, string> = {}) =>
      client.requestWithMeta(upstream, upstream.endpoints[name], { header: caller(headers) }),
  };
}

describe('request headers of the caller', () => {
  const all = {
    'accept-language': 'de',
    'x-key': 'of-the-caller',
    'x-fixed': 'of-the-caller',
    authorization: 'Bearer of-the-caller',
    cookie: 'a=of-the-caller',
    accept: 'text/of-the-caller',
    'user-agent': 'of-the-caller',
    'x-forwarded-for': 'of-the-caller',
  };

  test('are forwarded only where they are declared', async () => {
    const { heads, ask } = await setUp();
    await ask('passing', all);
    await ask('plain', all);
    expect(heads[0]).toMatch(/^accept-language: de$/im);
    expect(heads[1]).not.toMatch(/^accept-language:/im);
    for (const head of heads) {
      expect(head).not.toContain('of-the-caller');
      expect(head).toMatch(/^x-key: of-the-operator$/im);
      expect(head).toMatch(/^x-fixed: ours$/im);
    }
  });

  test('are part of the cache key', async () => {
    const { heads, ask } = await setUp();
    const requested = [
      { 'accept-language': 'de' },
      { 'accept-language': 'fr' },
      {},
      { 'accept-language': 'de' },
    ];
    const responses = [];
    for (const headers of requested) responses.push(await ask('passing', headers));
    expect(responses.map(({ data, meta }) => [data, meta.cache, meta.headers])).toEqual([
      [{ language: 'de' }, 'miss', { etag: '"de"' }],
      [{ language: 'fr' }, 'miss', { etag: '"fr"' }],
      [{ language: 'none' }, 'miss', { etag: '"none"' }],
      [{ language: 'de' }, 'hit', { etag: '"de"' }],
    ]);
    await ask('passing', { 'accept-language': 'de', 'x-other': 'that does not pass' });
    expect(heads).toHaveLength(3);
  });

  test('that are empty are dropped', async () => {
    const { heads, ask } = await setUp();
    await ask('passing', { 'accept-language': '' });
    expect(heads[0]).not.toMatch(/^accept-language:/im);
  });

  test('that are too long are dropped', async () => {
    const { heads, ask } = await setUp();
    const longest = 'x'.repeat(limits.upstream.passedHeaderLength);
    expect((await ask('passing', { 'accept-language': longest })).data).toEqual({ language: longest });
    expect((await ask('passing', { 'accept-language': `${longest}x` })).data).toEqual({ language: 'none' });
    expect(heads[1]).not.toMatch(/^accept-language:/im);
  });
});

test('response headers are returned only where they are declared', async () => {
  const { ask } = await setUp();
  expect((await ask('passing')).meta.headers).toEqual({ etag: '"none"' });
  expect((await ask('plain')).meta).toEqual({ status: 200, ageSeconds: 0, cache: 'miss' });
});

test('the credential is sent neither to an anonymous endpoint nor to another origin', async () => {
  const { heads, ask } = await setUp();
  await ask('anonymous');
  await ask('plain');
  expect(heads[0]).not.toMatch(/^x-key:/im);
  expect(heads[1]).toMatch(/^x-key: of-the-operator$/im);

  const elsewhere = await startRawServer(respondOk);
  const redirecting = await startRawServer(
    respondWith('302 Elsewhere', { ...json, location: `${elsewhere.url}/plain` }, ok),
  );
  const upstream = upstreamAt(redirecting.url);
  const client = clientOf({ FIXTURE_ITEMS_TOKEN: 'of-the-operator' });
  await expect(client.request(upstream, upstream.endpoints.plain, {})).rejects.toMatchObject({
    fault: 'redirect',
  });
  await client.fetchJson('feed', `${elsewhere.url}/feed.json`);
  expect(elsewhere.heads).toHaveLength(1);
  expect(elsewhere.heads[0]).not.toMatch(/of-the-operator/);
});
