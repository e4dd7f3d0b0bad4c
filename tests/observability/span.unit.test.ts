import { describe, expect, test } from 'vitest';
import { currentTrace } from '#server/observability/trace-context.ts';
import { tracing, withSpan, withTraceContext } from '#server/observability/tracing/span.ts';
import { recordSpans } from '#tests/support/fake-tracer.ts';

const spans = recordSpans();

const trace = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true };
const options = { kind: 'client', attributes: { port: 25 }, failureOf: () => 'internal' } as const;

describe('work in a span', () => {
  test('runs in its trace, below the current span, and ends it', async () => {
    const result = await currentTrace.run(trace, () =>
      withSpan('send', options, async (span) => {
        span?.set({ more: true });
        return currentTrace.getStore()?.spanId;
      }),
    );
    expect(result).toBe(spans[0]?.spanId);
    expect(spans).toEqual([
      {
        name: 'send',
        kind: 'client',
        parent: trace,
        spanId: expect.any(String),
        attributes: { port: 25, more: true },
        failed: undefined,
        ends: 1,
      },
    ]);
  });

  test.each([
    ['has failed by its type', 'timeout'],
    ['has not failed if the error is none of its own', undefined],
  ])('that throws %s', async (_, type) => {
    const error = new Error('broken');
    const failing = withSpan('send', { ...options, failureOf: () => type }, () => Promise.reject(error));
    await expect(failing).rejects.toBe(error);
    expect(spans).toMatchObject([{ failed: type, ends: 1 }]);
  });

  test('runs without one if nothing is traced', async () => {
    tracing.tracer = undefined;
    const seen = await currentTrace.run(trace, () =>
      withSpan('send', options, async (span) => [span, currentTrace.getStore()]),
    );
    expect(seen).toEqual([undefined, trace]);
  });
});

test('work in a trace context runs in it, or in the current one if there is none', () => {
  const other = { ...trace, spanId: '3'.repeat(16) };
  const current = () => currentTrace.getStore();
  expect(currentTrace.run(trace, () => withTraceContext(other, current))).toBe(other);
  expect(currentTrace.run(trace, () => withTraceContext(undefined, current))).toBe(trace);
});
