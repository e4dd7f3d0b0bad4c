import {
  type Context,
  createTraceState,
  type Span as OtelSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Env } from '../../config/env.ts';
import { limits } from '../../config/limits.ts';
import { productName } from '../../config/product-name.ts';
import type { Logger } from '../log.ts';
import type { Attributes, Span, SpanOptions, Tracer } from '../tracing/span.ts';
import { createExportStatus, type ExportResult } from './export-status.ts';
import { ownResource } from './resource.ts';
import { createSampler, untrustedParent } from './sampler.ts';

const kinds = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
} satisfies Record<SpanOptions['kind'], SpanKind>;

const { maxExportBatchSize } = limits.telemetry;

/**
 * Exports spans by OTLP. The queue is bounded and further spans are dropped, so that a slow or absent collector only
 * costs spans. The provider is not registered globally, because Next would then create spans for each of its steps.
 */
export function openTraces(
  env: Env,
  log: Logger,
): Tracer & { flush(): Promise<void>; stop(): Promise<void> } {
  const onResult = createExportStatus('spans', log);
  const { OTEL_BSP_SCHEDULE_DELAY: scheduledDelayMillis, OTEL_BSP_MAX_QUEUE_SIZE: maxQueueSize } = env;
  // After a failure the processor may send a batch while another is in flight, and on shutdown it sends all at once.
  const concurrencyLimit = Math.ceil(maxQueueSize / maxExportBatchSize) + 1;
  const exporter = withResultListener(new OTLPTraceExporter({ concurrencyLimit }), onResult);
  const provider = new TracerProvider({
    resource: ownResource(),
    sampler: createSampler(env),
    spanLimits: { attributeValueLengthLimit: limits.telemetry.attributeLength },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        scheduledDelayMillis,
        maxQueueSize,
        maxExportBatchSize: Math.min(maxExportBatchSize, maxQueueSize),
      }),
    ],
  });
  const tracer = provider.getTracer(productName);
  return {
    start(name, options) {
      const { kind, attributes = {} } = options;
      const span = tracer.startSpan(name, { kind: kinds[kind], attributes }, contextOf(options));
      return new ExportedSpan(span, options.parent?.traceState);
    },
    flush: () => provider.forceFlush(),
    stop: () => provider.shutdown(),
  };
}

/** Makes the exporter report the result of each export, and returns it. */
function withResultListener(
  exporter: OTLPTraceExporter,
  onResult: (result: ExportResult) => void,
): OTLPTraceExporter {
  const send = exporter.export.bind(exporter);
  exporter.export = (spans, done) =>
    send(spans, (result) => {
      onResult(result);
      done(result);
    });
  return exporter;
}

function contextOf({ parent, parentFrom }: SpanOptions): Context {
  if (!parent) return ROOT_CONTEXT;
  const { traceId, spanId, isSampled, traceState } = parent;
  const context = trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: parentFrom !== undefined,
    ...(traceState === undefined ? {} : { traceState: createTraceState(traceState) }),
  });
  return parentFrom === 'untrusted' ? context.setValue(untrustedParent, true) : context;
}

class ExportedSpan implements Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
  readonly traceState: string | undefined;
  readonly #span: OtelSpan;

  constructor(span: OtelSpan, traceState: string | undefined) {
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.traceId = traceId;
    this.spanId = spanId;
    this.isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
    this.traceState = traceState;
    this.#span = span;
  }

  set(attributes: Attributes): void {
    this.#span.setAttributes(attributes);
  }

  fail(type: string): void {
    this.#span.setAttribute('error.type', type);
    this.#span.setStatus({ code: SpanStatusCode.ERROR });
  }

  end(): void {
    this.#span.end();
  }
}
