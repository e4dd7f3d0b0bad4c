import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { logLines } from '#tests/http/support/log.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { spanNamed, treeOf, untilTraced } from '#tests/support/collector.ts';
import { startPostgres } from '#tests/support/postgres.ts';
import { nextCli } from '#tests/support/processes.ts';
import { startProduct } from '#tests/support/product.ts';
import { testWith } from '#tests/support/skip.ts';
import { startSmtpServer } from '#tests/support/smtp-server.ts';
import { callersTrace, exportingTo, testCollector } from './support.ts';

const requestSpan = 'POST /api/trpc/[trpc]';
const addresses = { MAIL_TO: 'owner@site.example', MAIL_FROM: 'website@site.example' };
const receiptSchema = z.object({ id: z.string(), status: z.string() });
const draft = { email: 'ada@visitor.example', contents: 'Hello' };

async function storage(engine: 'sqlite' | 'postgres'): Promise<Record<string, string>> {
  if (engine === 'postgres') {
    const postgres = await startPostgres();
    onTestFinished(() => postgres.close());
    return { DATABASE_URL: await postgres.database() };
  }
  const DATA_DIR = mkdtempSync(join(tmpdir(), 'typed-bff-trace-'));
  onTestFinished(() => rmSync(DATA_DIR, { recursive: true, force: true }));
  return { DATA_DIR };
}

describe.each([
  { engine: 'sqlite', testOn: test },
  { engine: 'postgres', testOn: testWith('postgres') },
] as const)('a mail in $engine', ({ engine, testOn }) => {
  testOn(
    'stays in one trace when a later process delivers it',
    async () => {
      const storageEnv = await storage(engine);
      const collector = await testCollector();
      const env = { ...storageEnv, ...exportingTo(collector), ...addresses, DEMO: '' };

      const first = await startProduct(env);
      onTestFinished(() => first.close());
      // Mails can be stored.
      await vi.waitFor(async () => expect((await fetch(`${first.baseUrl}/readyz`)).status).toBe(200), {
        timeout: 20_000,
        interval: 50,
      });
      const caller = callersTrace();
      const headers = { traceparent: caller.traceparent };
      const { id, status } = receiptSchema.parse(
        await resultOf(await post(first, 'email.send', draft, headers)),
      );
      expect(status).toBe('held');
      await first.close();

      const smtp = await startSmtpServer();
      onTestFinished(() => smtp.close());
      const second = await startProduct({ ...env, SMTP_URL: smtp.url });
      onTestFinished(() => second.close());
      const trace = await untilTraced(
        collector,
        ({ attributes, name }) => name === 'mail deliver' && attributes['bff.mail_id'] === id,
        'SMTP send',
        requestSpan,
      );
      expect(treeOf(trace)).toEqual({
        [requestSpan]: { 'email.send': { 'mail accept': { 'mail deliver': { 'SMTP send': {} } } } },
      });
      expect(trace[0]?.traceId).toBe(caller.traceId);
      const pids = ['mail accept', 'mail deliver'].map(
        (name) => spanNamed(trace, name).resource['process.pid'],
      );
      expect(pids).toEqual([first.process.pid, second.process.pid]);
    },
    120_000,
  );
});

test('pending spans and metrics are exported at shutdown', async () => {
  const collector = await testCollector();
  const product = await startProduct({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '3600000',
    OTEL_METRIC_EXPORT_INTERVAL: '3600000',
  });
  for (let call = 0; call < 5; call += 1) await resultOf(await post(product, 'fixture.body', call));
  expect(collector.requests).toEqual([]);
  await product.close();
  expect(collector.spans.filter(({ name }) => name === 'fixture.body')).toHaveLength(5);
  expect(collector.exports).toHaveLength(1);
  const [calls] = collector.exports[0]?.metrics.get('bff_calls_total')?.sum?.dataPoints ?? [];
  expect(calls).toEqual({ attributes: { procedure: 'fixture.body', outcome: 'ok' }, asDouble: 5 });
});

test('every worker exports its spans, and the primary exports the metrics of all workers', async () => {
  const collector = await testCollector();
  const product = await startProduct({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_SCHEDULE_DELAY: '3600000',
    OTEL_METRIC_EXPORT_INTERVAL: '3600000',
    WEB_CONCURRENCY: '2',
  });
  const total = 60;
  await Promise.all(
    Array.from({ length: total }, (_, at) =>
      post(product, 'fixture.body', at, { connection: 'close' }).then(resultOf),
    ),
  );
  await product.close();

  expect(collector.spans.filter(({ name }) => name === 'fixture.body')).toHaveLength(total);
  const workers = new Set(collector.spans.map(({ resource }) => resource['bff.worker']));
  const wrote = logLines(product).flatMap((line) => (line.msg === 'request' ? [line.worker] : []));
  expect(workers).toEqual(new Set(wrote));
  expect(collector.exports).toHaveLength(1);
  const [metricsExport] = collector.exports;
  expect(metricsExport?.resource['process.pid']).toBe(product.process.pid);
  expect(metricsExport?.resource['bff.worker']).toBeUndefined();
  expect(metricsExport?.metrics.get('bff_calls_total')?.sum?.dataPoints).toEqual([
    { attributes: { procedure: 'fixture.body', outcome: 'ok' }, asDouble: total },
  ]);
}, 120_000);

test('`next start` without the node server records the same spans', async () => {
  const collector = await testCollector();
  const product = await startProduct(exportingTo(collector), [nextCli, 'start']);
  onTestFinished(() => product.close());
  const caller = callersTrace();
  await resultOf(await post(product, 'fixture.body', 1, { traceparent: caller.traceparent }));
  const trace = await untilTraced(collector, ({ traceId }) => traceId === caller.traceId, requestSpan);
  expect(treeOf(trace)).toEqual({ [requestSpan]: { 'fixture.body': {} } });
  expect((await fetch(product.baseUrl)).status).toBe(200);
  await vi.waitFor(() => expect(collector.exports.at(-1)?.metrics.has('bff_calls_total')).toBe(true), {
    timeout: 10_000,
    interval: 50,
  });
  expect(new Set(collector.spans.map(({ scope }) => scope))).toEqual(new Set(['typed-bff']));
});
