import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { expectRefusal, post, resultOf } from '#tests/product/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

const readiness = z.strictObject({
  status: z.enum(['ready', 'not_ready', 'draining']),
  dependencies: z.record(z.string(), z.strictObject({ state: z.string(), needed: z.boolean() })),
});

let folder: string;
let product: Product;
let withoutStorage: Product;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typed-bff-health-'));
  const file = join(folder, 'a-regular-file');
  await writeFile(file, '');
  [product, withoutStorage] = await Promise.all([
    startProduct(),
    startProduct({ DATA_DIR: join(file, 'below-it') }),
  ]);
});
afterAll(async () => {
  await Promise.all([product.close(), withoutStorage.close()]);
  await rm(folder, { recursive: true, force: true });
});

async function ready({ baseUrl }: Product, query = '') {
  const response = await fetch(`${baseUrl}/readyz${query}`);
  expect(response.headers.get('cache-control')).toContain('no-store');
  return { code: response.status, ...readiness.parse(await response.json()) };
}

test('alive and ready, with each dependency by its state', async () => {
  const health = await fetch(`${product.baseUrl}/healthz`);
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
  expect(await ready(product)).toEqual({
    code: 200,
    status: 'ready',
    dependencies: {
      mailStorage: { state: 'ok', needed: true },
      mailDelivery: { state: 'inbox', needed: false },
    },
  });
});

test.each(['/healthz', '/readyz', '/metrics'])('%s answers HEAD and refuses POST', async (path) => {
  const head = await fetch(`${product.baseUrl}${path}`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  const refused = await fetch(`${product.baseUrl}${path}`, { method: 'POST', body: 'x' });
  await expectRefusal(refused, { reason: 'method_not_allowed', path });
  expect(refused.headers.get('allow')).toBe('GET, HEAD');
});

test('what is excluded does not count, and shows all the same', async () => {
  expect(await ready(withoutStorage, '?exclude=mailStorage')).toMatchObject({
    code: 200,
    status: 'ready',
    dependencies: { mailStorage: { state: 'down', needed: false } },
  });
  for (const name of ['redis', '', 'mailstorage']) {
    const refused = await fetch(`${product.baseUrl}/readyz?exclude=${name}`);
    await expectRefusal(refused, { reason: 'invalid_input', path: '/readyz' });
  }
});

test('without a folder for its data it is alive, not ready, and does what needs none', async () => {
  expect(await ready(withoutStorage)).toMatchObject({
    code: 503,
    status: 'not_ready',
    dependencies: { mailStorage: { state: 'down', needed: true } },
  });
  expect((await fetch(`${withoutStorage.baseUrl}/healthz`)).status).toBe(200);
  expect(await resultOf(await post(withoutStorage, 'echo.body', 1))).toEqual({ res: 1 });
  await resultOf(await post(withoutStorage, 'weather.forecast', { lat: 52.52, lng: 13.41 }));
  expect((await fetch(`${withoutStorage.baseUrl}/rss.xml`)).status).toBe(200);
  const mail = { email: 'ada@visitor.example', contents: 'Hello' };
  const { text } = await expectRefusal(await post(withoutStorage, 'email.send', mail), {
    reason: 'mail_unavailable',
  });
  expect(text).not.toContain('a-regular-file');
});
