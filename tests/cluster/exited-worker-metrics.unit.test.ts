import { expect, test } from 'vitest';
import { createExitedWorkerMetrics } from '#server/cluster/exited-worker-metrics.ts';
import { fakeWorker } from './fake-worker.ts';

type Labels = Record<string, string | number>;

const counter = (name: string, ...values: { value: number; labels: Labels; metricName?: string }[]) => ({
  name,
  help: 'a metric',
  type: 'counter',
  aggregator: 'sum',
  values,
});

const [one, other] = [fakeWorker(1), fakeWorker(2)];

/** Returns the metrics after workers with these snapshots have exited, the first of them once, and so on. */
function afterExits(...snapshots: unknown[]) {
  const metrics = createExitedWorkerMetrics();
  for (const [index, snapshot] of snapshots.entries()) {
    const worker = fakeWorker(index);
    metrics.remember(worker, snapshot);
    metrics.onExit(worker);
  }
  return metrics.withExited([]);
}

test('running workers count with their latest snapshot, those without one not at all', () => {
  const { remember, withExited } = createExitedWorkerMetrics();
  remember(one, ['old']);
  remember(one, ['new']);
  remember(fakeWorker(3), ['not asked for']);
  expect(withExited([other, one])).toEqual([['new'], []]);
});

test('the latest snapshots of exited workers are summed by metric and labels', () => {
  const get = { method: 'GET', status: 200 };
  expect(
    afterExits(
      [counter('requests', { value: 1, labels: get }, { value: 5, labels: { method: 'POST' } })],
      [counter('requests', { value: 10, labels: { status: 200, method: 'GET' } })],
      [counter('calls', { value: 7, labels: {} })],
      [counter('requests', { value: 100, labels: get })],
    ),
  ).toEqual([
    [
      counter('requests', { value: 111, labels: get }, { value: 5, labels: { method: 'POST' } }),
      counter('calls', { value: 7, labels: {} }),
    ],
  ]);
});

test('the series of a histogram are summed one by one', () => {
  const histogram = (bucket: number, count: number) => ({
    ...counter(
      'seconds',
      { value: bucket, labels: { le: 0.1 }, metricName: 'seconds_bucket' },
      { value: count, labels: {}, metricName: 'seconds_count' },
      { value: count / 2, labels: {}, metricName: 'seconds_sum' },
    ),
    type: 'histogram',
  });
  expect(afterExits([histogram(1, 2)], [histogram(3, 4)])).toEqual([[histogram(4, 6)]]);
});

test('gauges of an exited worker no longer apply', () => {
  const gauge = { ...counter('memory', { value: 5, labels: {} }), type: 'gauge' };
  expect(afterExits([gauge, counter('calls', { value: 1, labels: {} })])).toEqual([
    [counter('calls', { value: 1, labels: {} })],
  ]);
});

test.each([undefined, 'no list', [null], [{ name: 'calls', type: 'counter' }]])(
  'the snapshot %j of an exited worker counts nothing',
  (snapshot) => {
    expect(afterExits(snapshot)).toEqual([[]]);
  },
);

test('the sum does not change the snapshots and goes on to grow', () => {
  const metrics = createExitedWorkerMetrics();
  const snapshot = [counter('calls', { value: 1, labels: {} })];
  metrics.remember(one, snapshot);
  metrics.remember(other, snapshot);
  metrics.onExit(one);
  expect(metrics.withExited([other])).toEqual([snapshot, snapshot]);
  metrics.onExit(other);
  expect(metrics.withExited([])).toEqual([[counter('calls', { value: 2, labels: {} })]]);
  expect(snapshot).toEqual([counter('calls', { value: 1, labels: {} })]);
});

test('a worker counts once after its exit', () => {
  const metrics = createExitedWorkerMetrics();
  metrics.remember(one, [counter('calls', { value: 1, labels: {} })]);
  metrics.onExit(one);
  metrics.onExit(one);
  expect(metrics.withExited([one])).toEqual([[counter('calls', { value: 1, labels: {} })]]);
});
