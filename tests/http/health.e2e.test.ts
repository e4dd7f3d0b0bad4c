import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

const readiness = z.strictObject({
  status: z.enum(['ready', 'not_ready', 'draining']),
  dependencies: z.record(
    z.string(),
    z.strictObject({ state: z.string(), needed: z.boolean(), reason: z.string().optional() }),
  ),
});

let folder: string;
let product: Product;
let withoutStorage: Product;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'typed-bff-health-'));
  // SQLite cannot open a folder.
  await mkdir(join(folder, 'typed-bff.sqlite'));
  [product, withoutStorage] = await Promise.all([startProduct(), startProduct({ DATA_DIR: folder })]);
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

test('/healthz answers ok, and /readyz lists the state of each dependency', async () => {
  const health = await fetch(`${product.baseUrl}/healthz`);
  expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
  expect(await ready(product)).toEqual({
    code: 200,
    status: 'ready',
    dependencies: {
      database: { state: 'ok', needed: true },
      mailDelivery: { state: 'inbox', needed: false },
    },
  });
});

test.each(['/healthz', '/readyz', '/metrics'])('%s supports HEAD and rejects POST', async (path) => {
  const head = await fetch(`${product.baseUrl}${path}`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  const rejected = await fetch(`${product.baseUrl}${path}`, { method: 'POST', body: 'x' });
  await expectError(rejected, { reason: 'method_not_allowed', path });
  expect(rejected.headers.get('allow')).toBe('GET, HEAD');
});

test('?exclude= ignores a dependency but still lists its state', async () => {
  expect(await ready(withoutStorage, '?exclude=database')).toMatchObject({
    code: 200,
    status: 'ready',
    dependencies: { database: { state: 'down', needed: false, reason: 'missing' } },
  });
  for (const name of ['redis', '', 'Database']) {
    const rejected = await fetch(`${product.baseUrl}/readyz?exclude=${name}`);
    await expectError(rejected, { reason: 'invalid_input', path: '/readyz' });
  }
});

test('without the file of the mails the product is live but not ready, and serves all requests except mail', async () => {
  expect(await ready(withoutStorage)).toMatchObject({
    code: 503,
    status: 'not_ready',
    dependencies: { database: { state: 'down', needed: true, reason: 'missing' } },
  });
  expect((await fetch(`${withoutStorage.baseUrl}/healthz`)).status).toBe(200);
  expect(await resultOf(await post(withoutStorage, 'fixture.body', 1))).toEqual({ res: 1 });
  await resultOf(await post(withoutStorage, 'fixture.reading', { lat: 52.52, lng: 13.41 }));
  expect((await fetch(`${withoutStorage.baseUrl}/rss.xml`)).status).toBe(200);
  const mail = { email: 'ada@visitor.example', contents: 'Hello' };
  const { text } = await expectError(await post(withoutStorage, 'email.send', mail), {
    reason: 'mail_unavailable',
  });
  expect(text).not.toContain(folder);
});
