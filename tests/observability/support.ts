import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { type Collector, startCollector } from '#tests/support/collector.ts';

/** Environment of a product that exports everything to a collector with little delay. */
export function exportingTo({ url }: Pick<Collector, 'url'>): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_METRIC_EXPORT_INTERVAL: '200',
  };
}

/** Starts a collector that is closed after the running test. */
export async function testCollector(): Promise<Collector> {
  const collector = await startCollector();
  onTestFinished(() => collector.close());
  return collector;
}

/** Returns the trace context of a caller. */
export function callersTrace({ flags = '01' } = {}) {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}
