import { defineSingleton } from '../../lib/singleton.ts';
import { currentTrace, type TraceContext } from '../trace-context.ts';

/** Values of closed sets, numbers and our own ids. Never text from a caller. */
export type Attributes = Record<string, string | number | boolean>;

/** A span of a trace. It lasts until `end` is called. */
export type Span = TraceContext & {
  set(attributes: Attributes): void;
  /** Marks the span as failed. `type` is one of a closed set and becomes `error.type`. */
  fail(type: string): void;
  end(): void;
};

export type SpanOptions = {
  /** OpenTelemetry's span kind. */
  kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  /** Undefined for the root of a trace. */
  parent: TraceContext | undefined;
  /**
   * Sender of the parent; by default, this product. A parent from an untrusted caller sets the trace id,
   * but does not decide whether the trace is recorded.
   */
  parentFrom?: 'service' | 'untrusted';
  attributes?: Attributes;
};

export type Tracer = { start(name: string, options: SpanOptions): Span };

/** Without a tracer nothing is traced, and the check costs one comparison: `tracing.tracer?.start(…)`. */
export const tracing = defineSingleton('tracing', (): { tracer: Tracer | undefined } => ({
  tracer: undefined,
})).get();

/** Runs a function in the given trace context, or in the current one if it is undefined. */
export function withTraceContext<T>(context: TraceContext | undefined, run: () => T): T {
  return context ? currentTrace.run(context, run) : run();
}

/**
 * Runs a function in a new span.
 *
 * @param failureOf returns the type of a failure, or undefined if the error is not a failure of this span
 */
export async function withSpan<T>(
  name: string,
  options: Omit<SpanOptions, 'parent'> & { failureOf: (error: unknown) => string | undefined },
  run: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  const { failureOf, ...given } = options;
  const span = tracing.tracer?.start(name, { ...given, parent: currentTrace.getStore() });
  if (!span) return run(undefined);
  try {
    return await currentTrace.run(span, () => run(span));
  } catch (error) {
    const failure = failureOf(error);
    if (failure !== undefined) span.fail(failure);
    throw error;
  } finally {
    span.end();
  }
}
