import { type HrTime, ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { z } from 'zod';

const labelsSchema = z.record(z.string(), z.union([z.string(), z.number()]));
/** A metric in prom-client's JSON. The value of a gauge without data is not a number. */
const metricSchema = z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram']),
  values: z.array(
    z.object({
      value: z.number().nullable().catch(null),
      labels: labelsSchema,
      metricName: z.string().optional(),
    }),
  ),
});
type Metric = z.infer<typeof metricSchema>;
type Labels = z.infer<typeof labelsSchema>;

/** The start of counting and the time of the reading. */
export type Period = { startedAt: Date; now: Date };

/** Converts prom-client's metrics to OpenTelemetry's. Names keep their `_total`: receivers do not add a second one. */
export function metricDataOf(metrics: readonly unknown[], period: Period): MetricData[] {
  return metrics.flatMap((given) => {
    const { data: metric } = metricSchema.safeParse(given);
    return metric && metric.values.length > 0 ? [toMetricData(metric, period)] : [];
  });
}

function toMetricData(metric: Metric, period: Period): MetricData {
  const common = {
    descriptor: {
      name: metric.name,
      description: metric.help,
      // Names end with the unit, which is the convention of Prometheus.
      unit: '',
      valueType: ValueType.DOUBLE,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  switch (metric.type) {
    case 'counter':
      return {
        ...common,
        dataPointType: DataPointType.SUM,
        isMonotonic: true,
        dataPoints: numbersOf(metric, period),
      };
    case 'gauge':
      return { ...common, dataPointType: DataPointType.GAUGE, dataPoints: numbersOf(metric, period) };
    case 'histogram':
      return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints: histogramsOf(metric, period) };
  }
}

function pointOf<T>(labels: Labels, value: T, { startedAt, now }: Period): DataPoint<T> {
  const attributes = Object.fromEntries(Object.entries(labels).map(([name, label]) => [name, String(label)]));
  return { attributes, value, startTime: hrTime(startedAt), endTime: hrTime(now) };
}

function hrTime(date: Date): HrTime {
  const milliseconds = date.getTime();
  return [Math.floor(milliseconds / 1000), (milliseconds % 1000) * 1e6];
}

function numbersOf({ values }: Metric, period: Period): DataPoint<number>[] {
  return values.flatMap(({ value, labels }) =>
    value !== null && Number.isFinite(value) ? [pointOf(labels, value, period)] : [],
  );
}

type Parts = { labels: Labels; below: Map<number, number>; sum: number; count: number };

/**
 * Prometheus buckets are cumulative: each counts all values up to its bound. OpenTelemetry's count those between two
 * bounds.
 */
function histogramsOf({ name, values }: Metric, period: Period): DataPoint<Histogram>[] {
  const series = new Map<string, Parts>();
  for (const {
    value,
    labels: { le, ...labels },
    metricName,
  } of values) {
    const key = JSON.stringify(Object.entries(labels).sort());
    const parts = series.get(key) ?? { labels, below: new Map<number, number>(), sum: 0, count: 0 };
    series.set(key, parts);
    if (metricName === `${name}_sum`) parts.sum = value ?? 0;
    else if (metricName === `${name}_count`) parts.count = value ?? 0;
    else if (le !== undefined && le !== '+Inf') parts.below.set(Number(le), value ?? 0);
  }
  return [...series.values()].map(({ labels, below, sum, count }) => {
    const sorted = [...below].sort(([a], [b]) => a - b);
    const cumulative = [...sorted.map(([, value]) => value), count];
    const counts = cumulative.map((value, at) => value - (cumulative[at - 1] ?? 0));
    const boundaries = sorted.map(([bound]) => bound);
    return pointOf(labels, { buckets: { boundaries, counts }, sum, count }, period);
  });
}
