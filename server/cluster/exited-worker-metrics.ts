import { z } from 'zod';
import type { WorkerProcess } from './worker-process.ts';

const seriesSchema = z.looseObject({
  value: z.number(),
  labels: z.record(z.string(), z.union([z.string(), z.number()])),
  metricName: z.string().optional(),
});
/** A metric that only grows. Gauges of an exited worker no longer apply. */
const cumulativeSchema = z.looseObject({
  name: z.string(),
  type: z.enum(['counter', 'histogram']),
  values: z.array(seriesSchema),
});
type Series = z.infer<typeof seriesSchema>;
type Cumulative = z.infer<typeof cumulativeSchema>;

const keyOf = ({ metricName = '', labels }: Series) =>
  JSON.stringify([metricName, ...Object.entries(labels).sort()]);

/**
 * Keeps the counters of exited workers, so that the sum over all workers never decreases: Prometheus would take that
 * for a restart from zero. For a killed worker, the last known snapshot counts, which is all that was ever exposed.
 */
export function createExitedWorkerMetrics() {
  const snapshots = new Map<WorkerProcess, unknown>();
  const sums = new Map<string, { metric: Cumulative; series: Map<string, Series> }>();

  function addMetric(metric: Cumulative): void {
    const sum = sums.get(metric.name) ?? { metric, series: new Map<string, Series>() };
    sums.set(metric.name, sum);
    for (const each of metric.values) {
      const key = keyOf(each);
      const previous = sum.series.get(key)?.value ?? 0;
      sum.series.set(key, { ...each, value: previous + each.value });
    }
  }

  return {
    /** Stores the latest snapshot of a worker. */
    remember: (worker: WorkerProcess, metrics: unknown) => void snapshots.set(worker, metrics),
    /** Returns the latest snapshots of these workers and the sum of the exited workers. */
    withExited(workers: WorkerProcess[]): unknown[] {
      const running = workers
        .map((worker) => snapshots.get(worker))
        .filter((metrics) => metrics !== undefined);
      const exited = [...sums.values()].map(({ metric, series }) => ({
        ...metric,
        values: [...series.values()],
      }));
      return [...running, exited];
    },
    /** Adds the latest snapshot of an exited worker to the sum. */
    onExit(worker: WorkerProcess): void {
      const { data: metrics = [] } = z.array(z.unknown()).safeParse(snapshots.get(worker));
      snapshots.delete(worker);
      for (const metric of metrics) {
        const { data } = cumulativeSchema.safeParse(metric);
        if (data) addMetric(data);
      }
    },
  };
}
