import type { Env } from '../../config/env.ts';
import { limits } from '../../config/limits.ts';
import { defineSingleton } from '../../lib/singleton.ts';
import { withTimeout } from '../../lib/timeout.ts';
import type { Logger } from '../log.ts';
import { tracing } from './span.ts';

export type TelemetryOptions = {
  env: Env;
  log: Logger;
  /** True if this process handles requests or delivers mails. */
  traces: boolean;
  /** Returns the metrics as prom-client's JSON. Undefined if another process exports them. */
  gather?: (() => Promise<unknown[]>) | undefined;
};

type Sender = { flush(): Promise<void>; stop(): Promise<void> };

export type Telemetry = {
  /** Exports buffered data within `limits.telemetry.flushDeadline`. */
  flush(): Promise<void>;
  /** Flushes and stops exporting. */
  stop(): Promise<void>;
};

const running = defineSingleton('telemetry', (): { telemetry?: Promise<Telemetry> } => ({})).get();

/**
 * Starts the export of spans and metrics to OTEL_EXPORTER_OTLP_ENDPOINT, once per process: later calls return the first
 * result. Without an endpoint, OpenTelemetry is not even loaded.
 */
export function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  running.telemetry ??= open(options);
  return running.telemetry;
}

async function open({ env, log, traces, gather }: TelemetryOptions): Promise<Telemetry> {
  const senders: Sender[] = [];
  if (env.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined) {
    if (traces && env.OTEL_TRACES_EXPORTER === 'otlp') {
      const { openTraces } = await import('../otlp/traces.ts');
      const opened = openTraces(env, log);
      tracing.tracer = opened;
      senders.push(opened);
    }
    if (gather && env.OTEL_METRICS_EXPORTER === 'otlp') {
      const { openMetrics } = await import('../otlp/metrics.ts');
      senders.push(openMetrics(env, log, gather));
    }
  }
  const all = (end: (sender: Sender) => Promise<void>) => withinDeadline(senders.map(end));
  return { flush: () => all((sender) => sender.flush()), stop: () => all((sender) => sender.stop()) };
}

/**
 * Stops waiting at the deadline: data that is not sent by then is lost, because shutdown must not wait for a collector.
 */
async function withinDeadline(sending: Promise<void>[]): Promise<void> {
  if (sending.length === 0) return;
  await withTimeout(Promise.allSettled(sending), limits.telemetry.flushDeadline);
}
