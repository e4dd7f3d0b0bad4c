import { expect, test } from 'vitest';
import type { Env } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';
import { services } from '#server/services.ts';
import { createInnerContext } from '#server/trpc/context.ts';
import { createCallerFactory } from '#server/trpc/init.ts';
import { appRouter } from '#server/trpc/router.ts';
import { withServices } from '#tests/http/support/in-process.ts';

withServices();

const createCaller = createCallerFactory(appRouter);

/** Returns the listed endpoints by path, with these settings. */
async function listed(settings: Partial<Env>) {
  const { env, ...others } = services();
  const ctx = createInnerContext({ services: { ...others, env: { ...env, ...settings } } });
  const endpoints = await createCaller(ctx).proxy.endpoints();
  return new Map(endpoints.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint]));
}

test('the endpoints of configured upstreams are listed, and no others', async () => {
  const ofGithub = [
    'GET proxy.github.repository',
    'GET proxy.github.releases',
    'POST proxy.github.renderMarkdown',
  ];
  const archives = 'GET /api/raw/codeload/{owner}/{repo}/tar.gz/refs/tags/{tag}';
  const files = ['GET /api/raw/files/files/{name}', 'PUT /api/raw/files/files/{name}'];
  expect([...(await listed({ FILES_URL: undefined })).keys()]).toEqual([...ofGithub, archives]);
  expect([...(await listed({ FILES_URL: 'http://files.example' })).keys()]).toEqual([
    ...ofGithub,
    archives,
    ...files,
  ]);
});

test('an endpoint is listed with its kind, its scope, its input and what it accepts', async () => {
  const endpoints = await listed({ FILES_URL: 'http://files.example' });
  const params = { type: 'object', properties: { name: { type: 'string', maxLength: 255 } } };
  expect(endpoints.get('GET proxy.github.repository')).toMatchObject({
    upstream: 'github',
    name: 'repository',
    kind: 'query',
    template: '/repos/{owner}/{repo}',
    summary: 'Describes a repository on GitHub',
    scope: null,
    input: { type: 'object', required: ['params'] },
    example: { params: { owner: 'trpc', repo: 'trpc' } },
    upload: null,
  });
  expect(endpoints.get('POST proxy.github.renderMarkdown')).toMatchObject({
    kind: 'mutation',
    scope: 'proxy.github',
    input: { type: 'object', required: ['body'] },
    upload: null,
  });
  expect(endpoints.get('GET /api/raw/files/files/{name}')).toMatchObject({
    kind: 'raw',
    scope: null,
    input: { properties: { params } },
    upload: null,
  });
  expect(endpoints.get('PUT /api/raw/files/files/{name}')).toMatchObject({
    kind: 'raw',
    scope: 'proxy.files',
    input: { properties: { params } },
    upload: { mediaTypes: ['*/*'], maxBytes: limits.raw.bytes },
  });
});
