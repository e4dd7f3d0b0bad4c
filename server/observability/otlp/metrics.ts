import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { emptyResource } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { Env } from '../../config/env.ts';
import type { Logger } from '../log.ts';
import { createExportStatus } from './export-status.ts';
import { metricDataOf } from './prometheus-metrics.ts';
import { ownResource } from './resource.ts';

/**
 * The metrics that `/metrics` shows, pushed by OTLP under the same names: each is declared once, for Prometheus.
 *
 * @param gather in the form of prom-client's JSON
 */
export function openMetrics(
  env: Env,
  log: Logger,
  gather: () => Promise<unknown[]>,
): { flush(): Promise<void>; stop(): Promise<void> } {
  const startedAt = new Date();
  const watch = createExportStatus('metrics', log);
  const exporter = new OTLPMetricExporter();
  const send = exporter.export.bind(exporter);
  exporter.export = (metrics, done) =>
    send(metrics, (result) => {
      watch(result);
      done(result);
    });
  const provider = new MeterProvider({
    resource: ownResource(),
    readers: [
      new PeriodicExportingMetricReader({
        exporter,
        exportIntervalMillis: env.OTEL_METRIC_EXPORT_INTERVAL,
        metricProducers: [
          {
            async collect() {
              const metrics = metricDataOf(await gather(), { startedAt, now: new Date() });
              return {
                // The provider's own takes its place.
                resourceMetrics: {
                  resource: emptyResource(),
                  scopeMetrics: [{ scope: { name: 'typed-bff' }, metrics }],
                },
                errors: [],
              };
            },
          },
        ],
      }),
    ],
  });
  return { flush: () => provider.forceFlush(), stop: () => provider.shutdown() };
}
