import { afterEach, beforeEach } from 'vitest';
import { type Attributes, type Span, type SpanOptions, tracing } from '#server/observability/tracing/span.ts';

/** A span as it was started, and what has become of it. */
export type RecordedSpan = Omit<SpanOptions, 'attributes'> & {
  name: string;
  spanId: string;
  attributes: Attributes;
  /** The type of its failure. */
  failed: string | undefined;
  /** How often it was ended. */
  ends: number;
};

/** Records spans instead of exporting them, in the tests of a file or a `describe`. Returns those of the current test. */
export function recordSpans(): RecordedSpan[] {
  const spans: RecordedSpan[] = [];

  function start(name: string, { attributes = {}, ...options }: SpanOptions): Span {
    const spanId = String(spans.length + 1).padStart(16, '0');
    const recorded: RecordedSpan = {
      name,
      ...options,
      spanId,
      attributes: { ...attributes },
      failed: undefined,
      ends: 0,
    };
    spans.push(recorded);
    return {
      traceId: options.parent?.traceId ?? 'a'.repeat(32),
      spanId,
      isSampled: true,
      set: (more) => void Object.assign(recorded.attributes, more),
      fail: (type) => {
        recorded.failed = type;
      },
      end: () => {
        recorded.ends += 1;
      },
    };
  }

  beforeEach(() => {
    spans.length = 0;
    tracing.tracer = { start };
  });
  afterEach(() => {
    tracing.tracer = undefined;
  });
  return spans;
}
