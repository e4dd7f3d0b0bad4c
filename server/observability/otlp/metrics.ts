import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { emptyResource } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import type { Env } from '../../config/env.ts';
import { productName } from '../../config/product-name.ts';
import type { Logger } from '../log.ts';
import { createExportStatus } from './export-status.ts';
import { metricDataOf } from './prometheus-metrics.ts';
import { ownResource } from './resource.ts';

/**
 * Pushes the metrics of `/metrics` by OTLP under the same names. Each metric is declared only once, for Prometheus.
 *
 * @param gather returns the metrics as prom-client's JSON
 */
export function openMetrics(
  env: Env,
  log: Logger,
  gather: () => Promise<unknown[]>,
): { flush(): Promise<void>; stop(): Promise<void> } {
  const startedAt = new Date();
  const onResult = createExportStatus('metrics', log);
  const exporter = new OTLPMetricExporter();
  const send = exporter.export.bind(exporter);
  exporter.export = (metrics, done) =>
    send(metrics, (result) => {
      onResult(result);
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
                // The provider replaces it with its own resource.
                resourceMetrics: {
                  resource: emptyResource(),
                  scopeMetrics: [{ scope: { name: productName }, metrics }],
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
