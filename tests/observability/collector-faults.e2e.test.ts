import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { logLines, untilLogged } from '#tests/http/support/log.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { type Collector, startCollector } from '#tests/support/collector.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import { testCollector } from './support.ts';

const cannot = 'telemetry export failed';
const again = 'telemetry export recovered';
const soon = {
  OTEL_BSP_SCHEDULE_DELAY: '20',
  OTEL_METRICS_EXPORTER: 'none',
  // Milliseconds for one export including its retries.
  OTEL_EXPORTER_OTLP_TIMEOUT: '500',
};

test('a hanging collector fails no request, fills only a bounded queue of spans, and is logged once', async () => {
  const collector = await testCollector();
  const queue = 20;
  const product = await startProduct({
    ...soon,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_BSP_MAX_QUEUE_SIZE: String(queue),
  });
  onTestFinished(() => product.close());
  const call = async (at: number) =>
    expect(await resultOf(await post(product, 'fixture.body', at))).toEqual({ res: at });

  collector.fault('hang');
  const made = 300;
  for (let at = 0; at < made; at += 20) await Promise.all(Array.from({ length: 20 }, (_, n) => call(at + n)));
  await untilLogged(product, ({ msg }) => msg === cannot);
  expect(collector.spans).toEqual([]);

  collector.fault(undefined);
  const received = () => collector.spans.filter(({ kind }) => kind === 'server').length;
  let later = 0;
  await vi.waitFor(
    async () => {
      await call(made + later);
      later += 1;
      expect(received()).toBeGreaterThan(0);
    },
    { timeout: 20_000, interval: 100 },
  );
  await untilLogged(product, ({ msg }) => msg === again);
  // Of the spans during the outage only those that fit into the queue are left.
  expect(received()).toBeLessThanOrEqual(queue + later);
  const messages = logLines(product).flatMap(({ msg }) => (msg === cannot || msg === again ? [msg] : []));
  // A hanging export may fail after a later one has succeeded, so only the first two lines are fixed.
  expect(messages.slice(0, 2)).toEqual([cannot, again]);
});

// Each shutdown waits for its exporter, so that the tests are concurrent. Their products start one after the other.
describe.concurrent('a shutdown is not prevented', () => {
  const rows = [
    { title: 'by a collector that responds with 401', fault: 401 },
    { title: 'by an overloaded collector', fault: 503 },
    { title: 'by a hanging collector', fault: 'hang' },
    { title: 'by a collector that is down', fault: undefined },
  ] as const;
  const products = new Map<string, Product>();
  const collectors: Collector[] = [];

  beforeAll(async () => {
    for (const { title, fault } of rows) {
      const collector = await startCollector();
      collectors.push(collector);
      collector.fault(fault);
      const url = fault === undefined ? `http://127.0.0.1:${await freePort()}` : collector.url;
      products.set(title, await startProduct({ OTEL_EXPORTER_OTLP_ENDPOINT: url }));
    }
  }, 120_000);
  afterAll(() => Promise.all([...products.values(), ...collectors].map((each) => each.close())));

  test.for(rows)('$title', async ({ title }, { expect }) => {
    const product = products.get(title);
    if (!product) throw new Error('the product has not started');
    await resultOf(await post(product, 'fixture.body', 1));
    product.process.kill('SIGTERM');
    await vi.waitFor(() => expect(product.process.exitCode).toBe(0), { timeout: 20_000, interval: 20 });
  });
});
