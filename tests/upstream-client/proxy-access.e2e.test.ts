import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectMcp, readToolError } from '#tests/mcp/mcp-client.ts';
import { bearer, challenge, sha256Of } from '#tests/rate-limit/keys.ts';
import { fileUrl, octets } from '#tests/routes/raw-client.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

const keys = {
  items: 'key-for-items-0123456789',
  store: 'key-for-store-0123456789',
  none: 'key-without-scopes-0123456789',
};

let product: Product;
beforeAll(async () => {
  product = await startProduct({
    FIXTURE_ITEMS_TOKEN: 'thisTokenIsForTheItemsAlone',
    SERVICE_KEYS: [
      `items:${sha256Of(keys.items)}:proxy.items`,
      `store:${sha256Of(keys.store)}:proxy.store`,
      `none:${sha256Of(keys.none)}`,
    ].join(','),
  });
});
afterAll(() => product.close());
beforeEach(() => {
  product.upstreams.items.requests.length = 0;
  product.upstreams.store.requests.length = 0;
});

/** Replaces the key that `post` sends. The scheme is ignored, so this is a visitor. */
const visitor = { authorization: 'Basic dmlzaXRvcg==' };
const render = (headers: Record<string, string>) =>
  post(product, 'proxy.items.render', { body: { text: '**Hi**' } }, headers);
const upload = (headers: Record<string, string>) =>
  fetch(fileUrl(product, 'mine.bin'), { method: 'PUT', body: 'bytes', headers: { ...octets, ...headers } });

describe.each([
  {
    title: 'a POST with the credential of the operator',
    call: render,
    scope: 'proxy.items',
    other: 'store',
  },
  { title: 'an upload', call: upload, scope: 'proxy.store', other: 'items' },
] as const)('$title', ({ call, scope, other }) => {
  const sent = () => [...product.upstreams.items.requests, ...product.upstreams.store.requests];

  test('is rejected without a key, and nothing is sent', async () => {
    const response = await call(visitor);
    expect(response.headers.get('www-authenticate')).toBe(challenge);
    const { message } = await expectError(response, { reason: 'unauthorized' });
    expect(message).toBe(`A service key with the scope ${scope} is required.`);
    expect(sent()).toEqual([]);
  });

  test.each([['none'], [other]] as const)('is rejected for the key %s, and nothing is sent', async (name) => {
    const { message } = await expectError(await call(bearer(keys[name])), { reason: 'forbidden' });
    expect(message).toBe(`The service key does not have the scope ${scope}.`);
    expect(sent()).toEqual([]);
  });

  test('is accepted for a key with the scope', async () => {
    const response = await call(bearer(scope === 'proxy.items' ? keys.items : keys.store));
    expect(response.ok, await response.text()).toBe(true);
    expect(sent()).toHaveLength(1);
  });
});

test('public endpoints need no key, although one of them sends the credential of the operator', async () => {
  const input = { params: { owner: 'trpc', repo: 'trpc' } };
  await resultOf(await post(product, 'proxy.items.item', input));
  const [seen] = product.upstreams.items.requests;
  expect(seen?.headers.authorization).toBe('Bearer thisTokenIsForTheItemsAlone');
  for (const method of ['GET', 'HEAD']) {
    const response = await fetch(fileUrl(product, 'synthetic-10.bin'), { method });
    expect(response.status).toBe(200);
    await response.arrayBuffer();
  }
});

test('the list of endpoints names the scopes', async () => {
  expect(await resultOf(await post(product, 'proxy.endpoints'))).toEqual(
    expect.arrayContaining(
      [
        { upstream: 'archives', name: 'archive', scope: null },
        { upstream: 'items', name: 'item', scope: null },
        { upstream: 'items', name: 'versions', scope: null },
        { upstream: 'items', name: 'render', scope: 'proxy.items' },
        { upstream: 'store', name: 'download', scope: null },
        { upstream: 'store', name: 'upload', scope: 'proxy.store' },
      ].map((endpoint) => expect.objectContaining(endpoint)),
    ),
  );
});

test.each([
  ['none', false],
  ['store', false],
  ['items', true],
] as const)('MCP offers and calls the closed procedure for the key %s: %s', async (name, isOffered) => {
  const client = await connectMcp(product, { era: '2026-07-28', headers: bearer(keys[name]) });
  try {
    const { tools } = await client.listTools();
    expect(tools.some((tool) => tool.name === 'proxy_items_render')).toBe(isOffered);
    const input = { name: 'proxy_items_render', arguments: { body: { text: '**Hi**' } } };
    const result = await client.callTool(input);
    if (isOffered) expect(JSON.stringify(result.structuredContent)).toContain('**Hi**');
    else expect(readToolError(result).data.reason).toBe('forbidden');
  } finally {
    await client.close();
  }
  expect(product.upstreams.items.requests).toHaveLength(isOffered ? 1 : 0);
});
