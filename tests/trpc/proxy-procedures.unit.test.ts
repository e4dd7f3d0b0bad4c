import { expect, test } from 'vitest';
import type { Env } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';
import { services } from '#server/services.ts';
import { createInnerContext } from '#server/trpc/context.ts';
import { createCallerFactory } from '#server/trpc/init.ts';
import { appRouter } from '#server/trpc/router.ts';
import { isFixture } from '#tests/fixtures/is-fixture.ts';
import { withServices } from '#tests/http/support/in-process.ts';

withServices();

const createCaller = createCallerFactory(appRouter);

/** Returns the listed endpoints by path, with these settings. */
async function listed(settings: Partial<Env>) {
  const { env, ...others } = services();
  const ctx = createInnerContext({ services: { ...others, env: { ...env, ...settings } } });
  const endpoints = await createCaller(ctx).proxy.endpoints();
  const ofFixtures = endpoints.filter(({ path }) => isFixture(path));
  return new Map(ofFixtures.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint]));
}

test('the endpoints of configured upstreams are listed, and no others', async () => {
  const ofItems = ['GET proxy.items.item', 'GET proxy.items.versions', 'POST proxy.items.render'];
  const archives = 'GET /api/raw/archives/{owner}/{repo}/tar.gz/{tag}';
  const files = ['GET /api/raw/store/files/{name}', 'PUT /api/raw/store/files/{name}'];
  expect([...(await listed({ FIXTURE_STORE_URL: undefined })).keys()]).toEqual([archives, ...ofItems]);
  expect([...(await listed({ FIXTURE_STORE_URL: 'http://files.example' })).keys()]).toEqual([
    archives,
    ...ofItems,
    ...files,
  ]);
});

test('an endpoint is listed with its kind, its scope, its input and what it accepts', async () => {
  const endpoints = await listed({ FIXTURE_STORE_URL: 'http://files.example' });
  const params = { type: 'object', properties: { name: { type: 'string', maxLength: 255 } } };
  expect(endpoints.get('GET proxy.items.item')).toMatchObject({
    upstream: 'items',
    name: 'item',
    kind: 'query',
    template: '/items/{owner}/{repo}',
    summary: 'Describes an item',
    scope: null,
    input: { type: 'object', required: ['params'] },
    example: { params: { owner: 'trpc', repo: 'trpc' } },
    upload: null,
  });
  expect(endpoints.get('POST proxy.items.render')).toMatchObject({
    kind: 'mutation',
    scope: 'proxy.items',
    input: { type: 'object', required: ['body'] },
    upload: null,
  });
  expect(endpoints.get('GET /api/raw/store/files/{name}')).toMatchObject({
    kind: 'raw',
    scope: null,
    input: { properties: { params } },
    upload: null,
  });
  expect(endpoints.get('PUT /api/raw/store/files/{name}')).toMatchObject({
    kind: 'raw',
    scope: 'proxy.store',
    input: { properties: { params } },
    upload: { mediaTypes: ['*/*'], maxBytes: limits.raw.bytes },
  });
});
