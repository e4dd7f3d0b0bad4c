import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createScriptClient, errorData } from '#client/node.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';

const exampleSchema = z.object({ params: z.record(z.string(), z.string()) });
const token = 'thisTokenIsForTheItemsAlone';

let product: Product;
let api: ReturnType<typeof createScriptClient>;

beforeAll(async () => {
  product = await startProduct({ FIXTURE_ITEMS_TOKEN: token });
  api = createScriptClient({ baseUrl: product.baseUrl, headers: () => proxyAuthorization });
});
afterAll(() => product.close());
beforeEach(() => {
  product.upstreams.items.requests.length = 0;
});

describe('proxy.endpoints', () => {
  const items = [
    { path: 'proxy.items.item', kind: 'query', template: '/items/{owner}/{repo}', scope: null },
    { path: 'proxy.items.versions', kind: 'query', template: '/items/{owner}/{repo}/versions', scope: null },
    {
      path: 'proxy.items.render',
      kind: 'mutation',
      template: '/render',
      scope: 'proxy.items',
    },
  ];

  test('lists exactly the declared endpoints, by fetch and by the script client', async () => {
    const listed = await api.proxy.endpoints.query();
    expect(listed.filter(({ upstream }) => upstream === 'items')).toMatchObject(items);
    expect(await resultOf(await post(product, 'proxy.endpoints'))).toEqual(listed);
    expect(JSON.stringify(listed)).not.toMatch(/127\.0\.0\.1|thisToken/);
  });

  test('has a working example for each endpoint', async () => {
    const listed = await api.proxy.endpoints.query();
    expect(new Set(listed.map(({ kind }) => kind))).toEqual(new Set(['query', 'mutation', 'raw']));
    for (const { path, example, kind, method, upload, scope } of listed) {
      if (kind === 'raw') {
        const response = await fetch(`${product.baseUrl}${rawPath(path, example)}`, {
          method,
          headers: scope === null ? {} : proxyAuthorization,
          ...(upload ? { body: new Blob(['x']) } : {}),
        });
        expect(response.ok, await response.text()).toBe(true);
        continue;
      }
      expect(await resultOf(await post(product, path, example))).toMatchObject({
        meta: { status: 200 },
      });
    }
  });
});

describe('proxy.items', () => {
  const trpc = { params: { owner: 'trpc', repo: 'trpc' } };

  test('item returns data by its schema with types preserved, and metadata of the call', async () => {
    const input = { params: { owner: 'colinhacks', repo: 'zod' } };
    const result = await api.proxy.items.item.query(input);
    expect(result.data).toMatchObject({ full_name: 'colinhacks/zod', count: expect.any(Number) });
    expect(result.data.changed_at).toBeInstanceOf(Date);
    expect(result.data).not.toHaveProperty('owner');
    expect(result.meta).toEqual({ status: 200, ageSeconds: 0, cache: 'miss' });
    expect(product.upstreams.items.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /items/colinhacks/zod',
    ]);

    const second = await resultOf(await post(product, 'proxy.items.item', input));
    expect(second).toMatchObject({ data: result.data, meta: { status: 200, cache: 'hit' } });
    expect(product.upstreams.items.requests).toHaveLength(1);
  });

  test('versions returns pages of the requested size', async () => {
    const page = (number: number) =>
      api.proxy.items.versions.query({ ...trpc, query: { per_page: 2, page: number } });
    const first = await page(1);
    const second = await page(2);
    expect([...first.data, ...second.data].map(({ published_at }) => published_at?.getTime())).toEqual(
      [...first.data, ...second.data].map(({ published_at }) => published_at?.getTime()).sort(descending),
    );
    expect(new Set([...first.data, ...second.data].map(({ name }) => name)).size).toBe(4);
    const byFetch = await resultOf(await post(product, 'proxy.items.versions', trpc));
    expect(byFetch).toMatchObject({ data: expect.any(Array), meta: { status: 200 } });
  });

  test('render is a mutation and never cached', async () => {
    const input = { body: { text: '# **Hello** & <b>' } };
    const byClient = await api.proxy.items.render.mutate(input);
    const byFetch = await resultOf(await post(product, 'proxy.items.render', input));
    expect(byClient.data).toBe('<p># **Hello** &#38; &#60;b&#62;</p>');
    expect(byClient.meta).toEqual({ status: 200, ageSeconds: 0, cache: 'miss' });
    expect(byFetch).toEqual(byClient);
    expect(product.upstreams.items.requests).toHaveLength(2);
  });

  test('a missing item is not_found with our own message', async () => {
    const input = { params: { owner: 'nobody', repo: 'nothing' } };
    const { message } = await expectError(await post(product, 'proxy.items.item', input), {
      reason: 'not_found',
      path: 'proxy.items.item',
    });
    expect(message).toBe('The upstream has no such resource.');
    const failure = await api.proxy.items.item.query(input).catch(errorData);
    expect(failure).toMatchObject({ reason: 'not_found' });
  });

  test.each([
    { owner: '..', repo: 'x', field: 'params.owner' },
    { owner: 'a', repo: '..', field: 'params.repo' },
    { owner: 'a', repo: 'b/../../user', field: 'params.repo' },
    { owner: 'a', repo: '%2e%2e', field: 'params.repo' },
    { owner: 'a', repo: 'b?x=1', field: 'params.repo' },
    { owner: 'a\r\nhost: evil', repo: 'b', field: 'params.owner' },
    { owner: 'http://evil.example/', repo: 'b', field: 'params.owner' },
  ])('a caller cannot escape the path template: $owner / $repo', async ({ owner, repo, field }) => {
    const response = await post(product, 'proxy.items.item', { params: { owner, repo } });
    const { data } = await expectError(response, { reason: 'invalid_input' });
    expect(Object.keys(data.fieldErrors ?? {})).toEqual([field]);
    expect(product.upstreams.items.requests).toEqual([]);
  });

  test("the caller's cookie, authorization and address are not forwarded", async () => {
    await post(
      product,
      'proxy.items.item',
      { params: { owner: 'nodejs', repo: 'undici' } },
      {
        cookie: 'session=mine',
        authorization: 'Basic bWluZTptaW5l',
        'x-forwarded-for': '203.0.113.9',
        'user-agent': 'mine',
      },
    );
    const [seen] = product.upstreams.items.requests;
    expect(seen?.headers.authorization).toBe(`Bearer ${token}`);
    expect(JSON.stringify(seen?.headers)).not.toMatch(/mine|bWlu|203\.0\.113/);
  });

  test('the token is sent only to its upstream and never logged', async () => {
    await api.fixture.reading.query({ lat: 1, lng: 1 });
    const [seen] = product.upstreams.readings.requests.slice(-1);
    expect(seen?.headers).toBeDefined();
    expect(seen?.headers).not.toHaveProperty('authorization');
    expect(product.log()).not.toContain(token);
  });
});

function rawPath(template: string, example: unknown): string {
  const { params } = exampleSchema.parse(example);
  return template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}

function descending(a = 0, b = 0): number {
  return b - a;
}
