import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { buildFolder } from '#server/process/build-folder.ts';
import { logLines, untilLogged } from '#tests/http/support/log.ts';
import { startFollowers } from '#tests/live/followers.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { exitOf, launcher, runNode } from '#tests/support/processes.ts';
import { freePort, type Product } from '#tests/support/product.ts';
import { patternSha256 } from '#tests/support/upstreams/index.ts';
import {
  callEcho,
  isAlive,
  pidOf,
  sendRequest,
  startCallers,
  startTwo,
  untilReady,
  workerOf,
  workersOf,
} from './support.ts';

let product: Product;
beforeAll(async () => {
  product = await startTwo({ TRUSTED_PROXY_HOPS: '1' });
}, 120_000);
afterAll(() => product.close());

const rolled = (from: number) => untilLogged(product, ({ msg }) => msg === 'rolling restart finished', from);

/** Downloads slowly until `isTime` returns true, then at full speed. Rejects when the connection breaks. */
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
  test('replaces every worker under load without failing a request, and 200 streams go on', {
    timeout: 120_000,
  }, async () => {
    const followers = startFollowers(product.baseUrl, 200);
    onTestFinished(followers.stop);
    const begun = (times: number) =>
      vi.waitFor(() => expect(followers.starts.filter((starts) => starts < times)).toEqual([]), {
        timeout: 30_000,
      });
    await begun(1);
    const before = new Map(workersOf(product));
    const from = product.log().length;
    const size = 30_000_000;
    const download = receiveUntil(
      `/api/raw/store/files/synthetic-${size}.bin`,
      () => workersOf(product).size === before.size + 2,
    );
    const requestsBefore = product.upstreams.readings.requests.length;
    product.upstreams.readings.fault({ kind: 'delay', ms: 1500 });
    const slow = Promise.all(
      [1, 2, 3, 4].map(async (n) => resultOf(await post(product, 'fixture.reading', { lat: n, lng: 10 }))),
    );
    await vi.waitFor(() => expect(product.upstreams.readings.requests.length).toBe(requestsBefore + 4), {
      timeout: 10_000,
      interval: 10,
    });
    product.upstreams.readings.fault(undefined);
    const persistent = startCallers(product, { callers: 6, keepAlive: true });
    const fresh = startCallers(product, { callers: 3, keepAlive: false });

    product.process.kill('SIGHUP');
    const readiness: (number | string)[] = [];
    const ready = setInterval(
      () =>
        void sendRequest(product, '/readyz').then(
          ({ status }) => readiness.push(status),
          (error: unknown) => readiness.push(String(error)),
        ),
      100,
    );
    onTestFinished(() => clearInterval(ready));
    const workers = await untilReady(product, before.size + 2);
    expect(await download).toEqual({ bytes: size, sha256: patternSha256(size) });
    await rolled(from);
    await begun(2);
    expect(followers.problems).toEqual([]);
    followers.stop();
    clearInterval(ready);
    await Promise.all([persistent.more(50), fresh.more(25)]);
    const attempts = [...(await persistent.stop()), ...(await fresh.stop())];

    expect(attempts.length).toBeGreaterThan(200);
    expect([...persistent.failed(), ...fresh.failed()]).toEqual([]);
    expect(new Set(readiness)).toEqual(new Set([200]));
    expect(await slow).toHaveLength(4);
    await vi.waitFor(() => expect([...before.values()].filter(isAlive)).toEqual([]), { timeout: 20_000 });
    expect(workers.size).toBe(before.size + 2);
  });

  test('during a rolling restart causes one more restart, however often it is sent', {
    timeout: 120_000,
  }, async () => {
    const before = workersOf(product).size;
    const from = product.log().length;
    product.process.kill('SIGHUP');
    await untilLogged(product, ({ msg }) => msg === 'rolling restart started', from);
    for (let sent = 0; sent < 3; sent += 1) {
      product.process.kill('SIGHUP');
      await callEcho(product);
    }
    const ends = () => logLines(product, from).filter(({ msg }) => msg === 'rolling restart finished').length;
    await vi.waitFor(() => expect(ends()).toBe(2), { timeout: 60_000 });
    expect(workersOf(product).size).toBe(before + 4);
  });
});

test('SIGTERM to a worker drains it, and the primary replaces it', { timeout: 120_000 }, async () => {
  const load = startCallers(product, { callers: 4, keepAlive: true });
  await load.more(40);
  const worker = await workerOf(product, await callEcho(product));
  const pid = pidOf(product, worker);
  const served = workersOf(product).size;
  process.kill(pid, 'SIGTERM');
  await untilReady(product, served + 1);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 20_000 });
  await load.more(40);
  await load.stop();
  expect(load.failed()).toEqual([]);
});

test('SIGTERM to the primary completes running requests, stops all workers and exits with 0', {
  timeout: 120_000,
}, async () => {
  const pids = [...workersOf(product).values()];
  const requestsBefore = product.upstreams.readings.requests.length;
  product.upstreams.readings.fault({ kind: 'delay', ms: 2000 });
  const calls = [11, 12, 13, 14, 15, 16].map(async (n) =>
    resultOf(await post(product, 'fixture.reading', { lat: n, lng: 10 })),
  );
  await vi.waitFor(() => expect(product.upstreams.readings.requests.length).toBe(requestsBefore + 6), {
    timeout: 5000,
    interval: 10,
  });
  const exit = once(product.process, 'exit');
  product.process.kill('SIGTERM');
  await vi.waitFor(
    async () =>
      expect(await sendRequest(product, '/readyz')).toMatchObject({ status: 503, text: /"draining"/ }),
    { timeout: 2000, interval: 20 },
  );
  for (const forecast of await Promise.all(calls))
    expect(forecast).toMatchObject({ source: { cache: 'miss' } });
  expect(await exit).toEqual([0, null]);
  expect(pids.filter(isAlive)).toEqual([]);
});

describe('a failed start', () => {
  test('exits with an error when the build cannot be loaded', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'typed-bff-cluster-'));
    onTestFinished(() => rm(cwd, { recursive: true, force: true }));
    mkdirSync(join(cwd, buildFolder));
    writeFileSync(join(cwd, buildFolder, 'BUILD_ID'), 'nothing else');
    const env = { PORT: String(await freePort()), WEB_CONCURRENCY: '2' };
    const { code, output } = await exitOf(runNode([launcher, 'start'], { env, cwd }));
    expect(code).toBe(1);
    expect(output).toContain('no worker could start');
  });

  test('names WEB_CONCURRENCY when it is not a number', async () => {
    const { code, output } = await exitOf(runNode([launcher, 'start'], { env: { WEB_CONCURRENCY: 'many' } }));
    expect(code).toBe(1);
    expect(output).toContain('WEB_CONCURRENCY');
  });
});
