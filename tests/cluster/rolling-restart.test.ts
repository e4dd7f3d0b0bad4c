import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { logLines, untilLogged } from '#tests/http/support/log.ts';
import { post, resultOf } from '#tests/product/call.ts';
import { endOf, launcher, runNode } from '#tests/product/processes.ts';
import { freePort, type Product } from '#tests/support/product.ts';
import { patternSha256 } from '#tests/support/upstreams/index.ts';
import {
  ask,
  askEcho,
  isAlive,
  keepAsking,
  pidOf,
  startTwo,
  untilServed,
  workerOf,
  workersOf,
} from './support.ts';

let product: Product;
beforeAll(async () => {
  product = await startTwo();
}, 120_000);
afterAll(() => product.close());

const rolled = (from: number) => untilLogged(product, ({ msg }) => msg === 'rolling restart has ended', from);

/** Downloads slowly, so that it runs until then. Rejects when it is cut. */
async function receiveUntil(path: string, isTime: () => boolean): Promise<{ bytes: number; sha256: string }> {
  const [incoming]: IncomingMessage[] = await once(
    get(`${product.baseUrl}${path}`, { agent: false }),
    'response',
  );
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of incoming ?? []) {
    bytes += chunk.length;
    hash.update(chunk);
    if (!isTime()) await delay(50);
  }
  return { bytes, sha256: hash.digest('hex') };
}

describe('SIGHUP', () => {
  test('under load: every worker is another, and not one request failed', { timeout: 120_000 }, async () => {
    const before = new Map(workersOf(product));
    const from = product.log().length;
    const size = 30_000_000;
    const download = receiveUntil(
      `/api/raw/files/files/synthetic-${size}.bin`,
      () => workersOf(product).size === before.size + 2,
    );
    const asked = product.upstreams.openMeteo.requests.length;
    product.upstreams.openMeteo.fault({ kind: 'delay', ms: 1500 });
    const slow = Promise.all(
      [1, 2, 3, 4].map(async (n) => resultOf(await post(product, 'weather.forecast', { lat: n, lng: 10 }))),
    );
    await vi.waitFor(() => expect(product.upstreams.openMeteo.requests.length).toBe(asked + 4), {
      timeout: 10_000,
      interval: 10,
    });
    product.upstreams.openMeteo.fault(undefined);
    const kept = keepAsking(product, { callers: 6, keepAlive: true });
    const fresh = keepAsking(product, { callers: 3, keepAlive: false });

    product.process.kill('SIGHUP');
    const readiness: (number | string)[] = [];
    const ready = setInterval(
      () =>
        void ask(product, '/readyz').then(
          ({ status }) => readiness.push(status),
          (error: unknown) => readiness.push(String(error)),
        ),
      100,
    );
    onTestFinished(() => clearInterval(ready));
    const workers = await untilServed(product, before.size + 2);
    expect(await download).toEqual({ bytes: size, sha256: patternSha256(size) });
    await rolled(from);
    clearInterval(ready);
    await Promise.all([kept.more(50), fresh.more(25)]);
    const attempts = [...(await kept.stop()), ...(await fresh.stop())];

    expect(attempts.length).toBeGreaterThan(200);
    expect([...kept.failed(), ...fresh.failed()]).toEqual([]);
    expect(new Set(readiness)).toEqual(new Set([200]));
    expect(await slow).toHaveLength(4);
    await vi.waitFor(() => expect([...before.values()].filter(isAlive)).toEqual([]), { timeout: 20_000 });
    expect(workers.size).toBe(before.size + 2);
  });

  test('while one runs: one more follows, however often it comes', { timeout: 120_000 }, async () => {
    const before = workersOf(product).size;
    const from = product.log().length;
    product.process.kill('SIGHUP');
    await untilLogged(product, ({ msg }) => msg === 'rolling restart begins', from);
    for (let sent = 0; sent < 3; sent += 1) {
      product.process.kill('SIGHUP');
      await askEcho(product);
    }
    const ends = () =>
      logLines(product, from).filter(({ msg }) => msg === 'rolling restart has ended').length;
    await vi.waitFor(() => expect(ends()).toBe(2), { timeout: 60_000 });
    expect(workersOf(product).size).toBe(before + 4);
  });
});

test('SIGTERM to a worker: it ends in order, and another takes its place', { timeout: 120_000 }, async () => {
  const load = keepAsking(product, { callers: 4, keepAlive: true });
  await load.more(40);
  const worker = await workerOf(product, await askEcho(product));
  const pid = pidOf(product, worker);
  const served = workersOf(product).size;
  process.kill(pid, 'SIGTERM');
  await untilServed(product, served + 1);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
  await load.more(40);
  await load.stop();
  expect(load.failed()).toEqual([]);
});

test('SIGTERM: what runs ends whole, no worker is left, exit code 0', { timeout: 120_000 }, async () => {
  const pids = [...workersOf(product).values()];
  const asked = product.upstreams.openMeteo.requests.length;
  product.upstreams.openMeteo.fault({ kind: 'delay', ms: 2000 });
  const calls = [11, 12, 13, 14, 15, 16].map(async (n) =>
    resultOf(await post(product, 'weather.forecast', { lat: n, lng: 10 })),
  );
  await vi.waitFor(() => expect(product.upstreams.openMeteo.requests.length).toBe(asked + 6), {
    timeout: 5000,
    interval: 10,
  });
  const exit = once(product.process, 'exit');
  product.process.kill('SIGTERM');
  await vi.waitFor(
    async () => expect(await ask(product, '/readyz')).toMatchObject({ status: 503, text: /"draining"/ }),
    { timeout: 2000, interval: 20 },
  );
  for (const forecast of await Promise.all(calls))
    expect(forecast).toMatchObject({ source: { cache: 'miss' } });
  expect(await exit).toEqual([0, null]);
  expect(pids.filter(isAlive)).toEqual([]);
});

describe('a start that fails', () => {
  test('with a build that cannot be loaded: ends, and says so', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'typed-bff-cluster-'));
    onTestFinished(() => rm(cwd, { recursive: true, force: true }));
    mkdirSync(join(cwd, '.next'));
    writeFileSync(join(cwd, '.next', 'BUILD_ID'), 'nothing else');
    const env = { PORT: String(await freePort()), WEB_CONCURRENCY: '2' };
    const { code, output } = await endOf(runNode([launcher, 'start'], { env, cwd }));
    expect(code).toBe(1);
    expect(output).toContain('no worker could start');
  });

  test('with a number of workers that is none: named', async () => {
    const { code, output } = await endOf(runNode([launcher, 'start'], { env: { WEB_CONCURRENCY: 'many' } }));
    expect(code).toBe(1);
    expect(output).toContain('WEB_CONCURRENCY');
  });
});
