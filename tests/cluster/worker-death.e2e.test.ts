import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { logLines, untilLogged } from '#tests/http/support/log.ts';
import { parsePrometheus, total } from '#tests/http/support/prometheus.ts';
import { post, resultOf } from '#tests/support/call.ts';
import type { Product } from '#tests/support/product.ts';
import { startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';
import {
  callEcho,
  isAlive,
  pidOf,
  reachEveryWorker,
  sendRequest,
  startCallers,
  startTwo,
  untilReady,
  workerOf,
  workersOf,
} from './support.ts';

let dataDir: string;
let smtp: TestSmtpServer;
let product: Product;
/** The mail server replies to a message once this promise resolves. */
let mayReply: Promise<void> = Promise.resolve();

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'typed-bff-cluster-'));
  smtp = await startSmtpServer({ beforeReply: () => mayReply });
  product = await startTwo({
    DATA_DIR: dataDir,
    DEMO: '',
    SMTP_URL: smtp.url,
    MAIL_TO: 'owner@site.example',
    MAIL_FROM: 'website@site.example',
  });
}, 120_000);
afterAll(async () => {
  await product.close();
  await smtp.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** Kills a worker with SIGKILL and waits until its replacement is ready. */
async function kill(worker: number): Promise<void> {
  const served = workersOf(product).size;
  process.kill(pidOf(product, worker), 'SIGKILL');
  await untilReady(product, served + 1);
}

const anyWorker = async () => workerOf(product, await callEcho(product));

test('kill -9 of a worker under load fails only its running requests, and the primary replaces it', {
  timeout: 120_000,
}, async () => {
  const persistent = startCallers(product, { callers: 8, keepAlive: true });
  const fresh = startCallers(product, { callers: 4, keepAlive: false });
  await Promise.all([persistent.more(100), fresh.more(50)]);
  const victim = await anyWorker();
  const pid = pidOf(product, victim);
  const replaced = kill(victim);
  const killedAt = performance.now();
  await replaced;
  await Promise.all([persistent.more(100), fresh.more(50)]);
  await Promise.all([persistent.stop(), fresh.stop()]);

  expect(isAlive(pid)).toBe(false);
  // Each keep-alive connection can fail once, on the request during which it notices the kill.
  expect(persistent.failed().length).toBeLessThanOrEqual(8);
  expect(fresh.failed().filter(({ startedAt }) => startedAt > killedAt)).toEqual([]);
  expect(fresh.failed().length).toBeLessThanOrEqual(4);
  const seen = new Set<number>();
  for (const response of await reachEveryWorker(product, () => callEcho(product))) {
    seen.add(await workerOf(product, response));
  }
  expect(seen.has(victim)).toBe(false);
  await untilLogged(product, (line) => line.msg === 'worker exited unexpectedly');
});

test('the counts of a killed worker stay in the metrics', { timeout: 120_000 }, async () => {
  const scrape = async () => parsePrometheus((await sendRequest(product, '/metrics')).text);
  const counted = (seen: Awaited<ReturnType<typeof scrape>>) => ({
    calls: total(seen, 'bff_calls_total', { procedure: 'fixture.body' }),
    times: total(seen, 'bff_call_duration_seconds_bucket', { procedure: 'fixture.body', le: '+Inf' }),
  });
  await reachEveryWorker(product, () => callEcho(product));
  const victim = await anyWorker();
  const before = await scrape();
  await kill(victim);
  const after = await scrape();
  expect(counted(after)).toEqual(counted(before));
  expect(total(after, 'bff_requests_total')).toBeGreaterThanOrEqual(total(before, 'bff_requests_total'));
});

test('kill -9 of the mail leader moves delivery to another worker at once, and the claimed mail is sent again', {
  timeout: 120_000,
}, async () => {
  const receipt = z.object({ id: z.string(), messageId: z.string() });
  const send = async (subject: string) =>
    receipt.parse(
      await resultOf(
        await post(product, 'email.send', { email: 'ada@visitor.example', contents: 'Hello', subject }),
      ),
    );
  const sentBy = async ({ id }: { id: string }) => {
    const line = await untilLogged(product, (line) => line.msg === 'mail sent' && line.mailId === id);
    return z.int().parse(line.worker);
  };
  const delivers = await sentBy(await send('the first'));

  const gate = Promise.withResolvers<void>();
  mayReply = gate.promise;
  const inHand = await send('in hand');
  await vi.waitFor(() => expect(smtp.messages).toHaveLength(2), { timeout: 10_000, interval: 10 });
  const waiting = [await send('waits'), await send('waits, too')];
  await kill(delivers);
  gate.resolve();
  for (const mail of waiting) expect(await sentBy(mail)).not.toBe(delivers);

  const stateOf = async ({ id }: { id: string }) => resultOf(await post(product, 'email.status', { id }));
  expect(await stateOf(inHand)).toMatchObject({ status: 'sending' });
  const database = new Sqlite(join(dataDir, 'typed-bff.sqlite'), { timeout: 2000 });
  database.prepare('update mail set lease_until = ? where id = ?').run(Date.now() - 1, inHand.id);
  database.close();
  expect(await sentBy(inHand)).not.toBe(delivers);

  const sent = smtp.messages.map(({ parsed }) => parsed.messageId);
  for (const { messageId } of waiting) expect(sent.filter((id) => id === messageId)).toHaveLength(1);
  expect(sent.filter((id) => id === inHand.messageId)).toHaveLength(2);
  expect(
    new Set(logLines(product).flatMap(({ msg, worker }) => (msg === 'mail sent' ? [worker] : []))).size,
  ).toBe(2);
});

test('kill -9 of the primary stops all workers', async () => {
  const pids = [...workersOf(product).values()];
  product.process.kill('SIGKILL');
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 10_000, interval: 20 });
  await expect(callEcho(product)).rejects.toThrow('ECONNREFUSED');
});
