import { singleton } from '../../lib/singleton.ts';
import { currentTrace, type TraceContext } from '../trace-context.ts';

/** Names of closed sets, numbers and ids of ours: nothing that a caller wrote. */
export type Attributes = Record<string, string | number | boolean>;

/** One step of a trace, from its start until `end`. */
export type Span = TraceContext & {
  set(attributes: Attributes): void;
  /** It went wrong, and by whose fault is told by the type, which is of a closed set. */
  fail(type: string): void;
  end(): void;
};

export type SpanOptions = {
  /** What this process does: it answers, asks, leaves something for later, takes up what was left, or just works. */
  kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  /** What it is a part of; undefined where a trace begins. */
  parent: TraceContext | undefined;
  /**
   * Whose the parent is: this product's by default. A stranger's names the trace, and has no say in whether it is
   * recorded.
   */
  parentFrom?: 'service' | 'stranger';
  attributes?: Attributes;
};

export type Tracer = { start(name: string, options: SpanOptions): Span };

/** Without a tracer nothing is traced, and asking costs one comparison: `tracing.tracer?.start(…)`. */
export const tracing = singleton('tracing', (): { tracer: Tracer | undefined } => ({ tracer: undefined }));

/** Runs what belongs to a span, or to no other than what runs already. */
export function withTraceContext<T>(context: TraceContext | undefined, run: () => T): T {
  return context ? currentTrace.run(context, run) : run();
}

/**
 * Runs a step that is a span of its own.
 *
 * @param failureOf the type of a failure, or undefined for what is none of this step's
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
