import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { type Collector, startCollector } from '#tests/support/collector.ts';

/** A product that tells a collector everything, and soon. */
export function telling({ url }: Pick<Collector, 'url'>): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_METRIC_EXPORT_INTERVAL: '200',
  };
}

/** A collector that closes with the running test. */
export async function testCollector(): Promise<Collector> {
  const collector = await startCollector();
  onTestFinished(() => collector.close());
  return collector;
}

/** A trace that some caller began. */
export function callersTrace({ flags = '01' } = {}) {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}
