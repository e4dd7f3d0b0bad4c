import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { status } from '#tests/upstream-client/failing-upstream.ts';

const { minimumAttempts, openFor } = limits.upstream.breaker;
const hour = 60 * 60_000;
const waiting = { timeout: 25_000, interval: 100 };
/** A window that does not end within a test. */
const windowSeconds = 600;

describe.each([
  ['forward', hour],
  ['back', -hour],
])('a wall clock that is set %s by an hour', (_, shift) => {
  let folder: string;
  let product: Product;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'typed-bff-clock-'));
    const clock = new URL('../support/settable-clock.ts', import.meta.url).href;
    product = await startProduct({
      NODE_OPTIONS: `--import ${clock}`,
      CLOCK_SHIFT_FILE: join(folder, 'shift'),
      RATE_LIMITS: `light=1000000/60,upstream=1000000/60,mail=1/${windowSeconds}`,
    });
  });
  afterAll(async () => {
    await product.close();
    await rm(folder, { recursive: true });
  });

  /** Sets the clock of the product, relative to the clock of this process. */
  async function setClock(milliseconds: number): Promise<void> {
    await writeFile(join(folder, 'shift'), String(milliseconds));
    product.process.kill('SIGUSR2');
    await expect
      .poll(async () => {
        const { receivedAt } = z
          .object({ receivedAt: z.date() })
          .parse(await resultOf(await get('fixture.request')));
        return Math.abs(receivedAt.getTime() - Date.now() - milliseconds);
      }, waiting)
      .toBeLessThan(hour / 2);
  }

  const get = (path: string) => fetch(`${product.baseUrl}/api/trpc/${path}`);
  const readingSchema = z.object({ source: z.object({ cache: z.string(), ageSeconds: z.number() }) });
  const reading = async (lat: number) =>
    readingSchema.parse(await resultOf(await post(product, 'fixture.reading', { lat, lng: 13.41 })));
  const render = () => post(product, 'proxy.items.render', { body: { text: 'again' } });
  const sendMail = () =>
    post(product, 'email.send', { email: 'ada@example.org', contents: 'Hello, this is a message.' });

  test('keeps cached responses fresh, and their age', async () => {
    await setClock(0);
    expect((await reading(52.52)).source.cache).toBe('miss');
    await setClock(shift);
    const { source } = await reading(52.52);
    expect(source.cache).toBe('hit');
    expect(source.ageSeconds).toBeLessThan(10 * 60);
  });

  test('does not change how long a circuit stays open', async () => {
    await setClock(0);
    product.upstreams.items.fault(status(500));
    let rejected = await render();
    for (let call = 0; call < 2 * minimumAttempts && rejected.status !== 503; call += 1)
      rejected = await render();
    const { data } = await expectError(rejected, { reason: 'upstream_overloaded' });
    expect(data.retryAfterSeconds).toBeLessThanOrEqual(openFor / 1000);
    product.upstreams.items.fault(undefined);
    await setClock(shift);
    await expect.poll(async () => (await render()).status, waiting).toBe(200);
  });

  test('does not change the window of a rate limit', async () => {
    await setClock(0);
    await resultOf(await sendMail());
    await setClock(shift);
    const { data } = await expectError(await sendMail(), { reason: 'rate_limited' });
    expect(data.retryAfterSeconds).toBeLessThanOrEqual(windowSeconds);
  });
});
