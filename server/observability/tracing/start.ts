import { setTimeout as delay } from 'node:timers/promises';
import type { Env } from '../../config/env.ts';
import { limits } from '../../config/limits.ts';
import { singleton } from '../../lib/singleton.ts';
import type { Logger } from '../log.ts';
import { tracing } from './span.ts';

export type TelemetryOptions = {
  env: Env;
  log: Logger;
  /** This process handles requests or delivers mails. */
  traces: boolean;
  /** Gives the metrics that this process has to tell, as prom-client's JSON; undefined where another one tells them. */
  gather?: (() => Promise<unknown[]>) | undefined;
};

type Sender = { flush(): Promise<void>; stop(): Promise<void> };

export type Telemetry = {
  /** Sends what waits, for a moment at most. */
  flush(): Promise<void>;
  /** The same, and then no more. */
  stop(): Promise<void>;
};

/**
 * Sends spans and metrics to OTEL_EXPORTER_OTLP_ENDPOINT. Without it nothing of OpenTelemetry is even loaded. Once for
 * each process, whoever comes first.
 */
export function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  return singleton('telemetry', () => open(options));
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

/** What cannot be sent in time is lost: an end must not wait for a collector. */
async function withinDeadline(sending: Promise<void>[]): Promise<void> {
  if (sending.length === 0) return;
  const deadline = new AbortController();
  const { signal } = deadline;
  const late = delay(limits.telemetry.flushDeadline, undefined, { signal }).catch(() => undefined);
  await Promise.race([Promise.allSettled(sending), late]);
  deadline.abort();
}
