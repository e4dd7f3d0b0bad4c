import { expect, onTestFinished, test, vi } from 'vitest';
import { logLines, untilLogged } from '#tests/http/support/log.ts';
import { post, resultOf } from '#tests/product/call.ts';
import { freePort, startProduct } from '#tests/support/product.ts';
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
    expect(await resultOf(await post(product, 'echo.body', at))).toEqual({ res: at });

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

test.each([
  ['responds with 401', 401],
  ['is overloaded', 503],
  ['hangs', 'hang'],
  ['is down', undefined],
] as const)('a collector that %s does not prevent a shutdown', async (_, fault) => {
  const collector = await testCollector();
  collector.fault(fault);
  const url = fault === undefined ? `http://127.0.0.1:${await freePort()}` : collector.url;
  const product = await startProduct({ OTEL_EXPORTER_OTLP_ENDPOINT: url });
  onTestFinished(() => product.close());
  await resultOf(await post(product, 'echo.body', 1));
  product.process.kill('SIGTERM');
  await vi.waitFor(() => expect(product.process.exitCode).toBe(0), { timeout: 20_000, interval: 20 });
});
