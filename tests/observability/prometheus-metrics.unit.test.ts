import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { metricDataOf } from '#server/observability/otlp/prometheus-metrics.ts';

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

test('the buckets of a histogram are sorted, and its series are found by their labels in any order', () => {
  const value = (metricName: string, count: number, labels: object) => ({ metricName, value: count, labels });
  const values = [
    value('times_bucket', 3, { le: 10, a: 'x', b: 1 }),
    value('times_bucket', 1, { b: 1, le: 2, a: 'x' }),
    value('times_bucket', 4, { le: '+Inf', a: 'x', b: 1 }),
    value('times_sum', 60, { a: 'x', b: 1 }),
    value('times_count', 4, { b: 1, a: 'x' }),
  ];
  expect(metricDataOf([{ name: 'times', help: 'Times', type: 'histogram', values }], period)).toMatchObject([
    {
      descriptor: { name: 'times', description: 'Times', unit: '' },
      dataPoints: [
        {
          attributes: { a: 'x', b: '1' },
          value: { buckets: { boundaries: [2, 10], counts: [1, 2, 1] }, sum: 60, count: 4 },
        },
      ],
    },
  ]);
});

test('each kind of metric has its type, and counters only grow', () => {
  const values = [{ value: 1, labels: {} }];
  const exported = metricDataOf(
    ['counter', 'gauge', 'histogram'].map((type) => ({ name: type, help: '', type, values })),
    period,
  );
  expect(exported).toMatchObject([
    { dataPointType: DataPointType.SUM, isMonotonic: true },
    { dataPointType: DataPointType.GAUGE },
    { dataPointType: DataPointType.HISTOGRAM },
  ]);
  for (const { aggregationTemporality } of exported) {
    expect(aggregationTemporality).toBe(AggregationTemporality.CUMULATIVE);
  }
});

test('a metric without values is left out', () => {
  expect(metricDataOf([{ name: 'empty', help: '', type: 'counter', values: [] }], period)).toEqual([]);
});
