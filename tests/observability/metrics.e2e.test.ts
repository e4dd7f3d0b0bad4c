import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, onTestFinished, test, vi } from 'vitest';
import { mailStates } from '#server/mail/database.ts';
import { metricDataOf } from '#server/observability/otlp/prometheus-metrics.ts';
import { parsePrometheus, total } from '#tests/http/support/prometheus.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { startProduct } from '#tests/support/product.ts';
import { exportingTo, testCollector } from './support.ts';

const period = { startedAt: new Date(1_000), now: new Date(2_500) };
const [startTime, endTime] = [
  [1, 0],
  [2, 500_000_000],
];

test('counters, gauges and histograms keep their names, labels and values', async () => {
  const registry = new Registry();
  const registers = [registry];
  new Counter({ name: 'things_total', help: 'Things', labelNames: ['kind'], registers }).inc(
    { kind: 'a' },
    3,
  );
  new Gauge({ name: 'level', help: 'Level', registers }).set(-2.5);
  new Gauge({ name: 'unknown', help: 'Never set', labelNames: ['x'], registers });
  const times = new Histogram({
    name: 'times_seconds',
    help: 'Times',
    labelNames: ['who'],
    buckets: [0.1, 1, 5],
    registers,
  });
  for (const seconds of [0.05, 0.5, 0.6, 1, 7, 8, 9]) times.observe({ who: 'me' }, seconds);
  times.observe({ who: 'you' }, 0.01);

  const exported = metricDataOf(await registry.getMetricsAsJSON(), period);
  expect(exported.map(({ descriptor }) => descriptor.name)).toEqual([
    'things_total',
    'level',
    'times_seconds',
  ]);
  expect(exported.map(({ dataPoints }) => dataPoints)).toEqual([
    [{ attributes: { kind: 'a' }, value: 3, startTime, endTime }],
    [{ attributes: {}, value: -2.5, startTime, endTime }],
    [
      {
        attributes: { who: 'me' },
        value: {
          buckets: { boundaries: [0.1, 1, 5], counts: [1, 3, 0, 3] },
          sum: expect.closeTo(26.15, 9),
          count: 7,
        },
        startTime,
        endTime,
      },
      {
        attributes: { who: 'you' },
        value: { buckets: { boundaries: [0.1, 1, 5], counts: [1, 0, 0, 0] }, sum: 0.01, count: 1 },
        startTime,
        endTime,
      },
    ],
  ]);
});

test('unknown metrics and values that are not numbers are left out', () => {
  const values = [{ value: Number.NaN, labels: {} }];
  const gauge = { name: 'lag', help: '', type: 'gauge', values };
  expect(metricDataOf([gauge], period)).toMatchObject([{ dataPoints: [] }]);
  expect(metricDataOf([null, 'text', { name: 'summary', type: 'summary' }], period)).toEqual([]);
});

test('exported metrics have the same names, labels and counts as scraped ones', async () => {
  const collector = await testCollector();
  const product = await startProduct(exportingTo(collector));
  onTestFinished(() => product.close());
  await resultOf(await post(product, 'weather.forecast', { lat: 12, lng: 34 }));
  await resultOf(await post(product, 'echo.body', 1));
  const scraped = parsePrometheus(await (await fetch(`${product.baseUrl}/metrics`)).text());
  const calls = total(scraped, 'bff_calls_total', {});
  const last = await vi.waitFor(
    () => {
      const latest = collector.exports.at(-1);
      const points = latest?.metrics.get('bff_calls_total')?.sum?.dataPoints ?? [];
      expect(points.reduce((sum, { asDouble }) => sum + asDouble, 0)).toBe(calls);
      // A scrape is counted only after it has ended.
      expect(latest?.metrics.get('bff_requests_total')?.sum?.dataPoints).toContainEqual(
        expect.objectContaining({ attributes: expect.objectContaining({ route: '/metrics' }) }),
      );
      return latest;
    },
    { timeout: 10_000, interval: 50 },
  );

  const names = new Set(scraped.types.keys());
  for (const name of last?.metrics.keys() ?? []) expect(names).toContain(name);
  const own = [...names].filter((name) => name.startsWith('bff_'));
  const scrapedNames = new Set(scraped.samples.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
  for (const name of own.filter((each) => scrapedNames.has(each))) {
    expect([...(last?.metrics.keys() ?? [])], name).toContain(name);
  }
  const duration = last?.metrics.get('bff_call_duration_seconds')?.histogram?.dataPoints ?? [];
  const echo = duration.find(({ attributes }) => attributes.procedure === 'echo.body');
  const labels = { procedure: 'echo.body' };
  expect(echo?.count).toBe(total(scraped, 'bff_call_duration_seconds_count', labels));
  expect(echo?.sum).toBe(total(scraped, 'bff_call_duration_seconds_sum', labels));
  let below = 0;
  for (const [at, bound] of (echo?.explicitBounds ?? []).entries()) {
    below += echo?.bucketCounts[at] ?? 0;
    const scrapedBelow = total(scraped, 'bff_call_duration_seconds_bucket', { ...labels, le: String(bound) });
    expect(below, `up to ${bound}`).toBe(scrapedBelow);
  }
  expect(last?.metrics.get('bff_mails')?.gauge?.dataPoints).toHaveLength(mailStates.length);
});
