import { z } from 'zod';
import type { WorkerProcess } from './worker-process.ts';

const seriesSchema = z.looseObject({
  value: z.number(),
  labels: z.record(z.string(), z.union([z.string(), z.number()])),
  metricName: z.string().optional(),
});
/** What only ever grows: the rest of a worker that is gone is gone with it. */
const countedSchema = z.looseObject({
  name: z.string(),
  type: z.enum(['counter', 'histogram']),
  values: z.array(seriesSchema),
});
type Series = z.infer<typeof seriesSchema>;
type Counted = z.infer<typeof countedSchema>;

const keyOf = ({ metricName = '', labels }: Series) =>
  JSON.stringify([metricName, ...Object.entries(labels).sort()]);

/**
 * The counters of workers that are gone, so that a sum over all never falls: for Prometheus that would be a start from
 * zero. Of a worker that was killed counts what was last seen, which is all that anybody has seen.
 */
export function createExitedWorkerMetrics() {
  const latest = new Map<WorkerProcess, unknown>();
  const sums = new Map<string, { metric: Counted; series: Map<string, Series> }>();

  function addMetric(metric: Counted): void {
    const known = sums.get(metric.name) ?? { metric, series: new Map<string, Series>() };
    sums.set(metric.name, known);
    for (const each of metric.values) {
      const key = keyOf(each);
      const before = known.series.get(key)?.value ?? 0;
      known.series.set(key, { ...each, value: before + each.value });
    }
  }

  return {
    remember: (member: WorkerProcess, metrics: unknown) => void latest.set(member, metrics),
    /** The latest of these workers, and the sum of those that are gone. */
    all(members: WorkerProcess[]): unknown[] {
      const living = members.map((member) => latest.get(member)).filter((metrics) => metrics !== undefined);
      const gone = [...sums.values()].map(({ metric, series }) => ({
        ...metric,
        values: [...series.values()],
      }));
      return [...living, gone];
    },
    /** This one is gone. */
    add(member: WorkerProcess): void {
      const { data: metrics = [] } = z.array(z.unknown()).safeParse(latest.get(member));
      latest.delete(member);
      for (const metric of metrics) {
        const { data } = countedSchema.safeParse(metric);
        if (data) addMetric(data);
      }
    },
  };
}
