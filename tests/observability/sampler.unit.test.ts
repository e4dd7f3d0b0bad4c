import { type Context, ROOT_CONTEXT, SpanKind, TraceFlags, trace } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import type { Env } from '#server/config/env.ts';
import { createSampler, untrustedParent } from '#server/observability/otlp/sampler.ts';

type Name = Env['OTEL_TRACES_SAMPLER'];

/** A trace id that any ratio but zero includes, and one that no ratio but one includes. */
const lowest = '00000000000000000000000000000001';
const highest = 'ffffffff000000000000000000000000';

function isRecorded(name: Name, context: Context, { ratio = 0.5, traceId = lowest } = {}): boolean {
  const sampler = createSampler({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: ratio });
  const { decision } = sampler.shouldSample(context, traceId, 'name', SpanKind.SERVER, {}, []);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
}

function parent(isSampled: boolean, { isRemote = false, isTrusted = true } = {}): Context {
  const context = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: lowest,
    spanId: '1'.repeat(16),
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote,
  });
  return isTrusted ? context : context.setValue(untrustedParent, true);
}

test.each<[Name, boolean]>([
  ['always_on', true],
  ['parentbased_always_on', true],
  ['always_off', false],
  ['parentbased_always_off', false],
])('%s records a new trace: %s, and one of an untrusted caller, whatever it asks for', (name, expected) => {
  expect(isRecorded(name, ROOT_CONTEXT)).toBe(expected);
  for (const isSampled of [true, false]) {
    expect(isRecorded(name, parent(isSampled, { isRemote: true, isTrusted: false }))).toBe(expected);
  }
});

test.each<Name>([
  'always_on',
  'always_off',
  'parentbased_always_on',
  'parentbased_always_off',
  'traceidratio',
  'parentbased_traceidratio',
])('%s: a span of this product decides for those below it', (name) => {
  for (const isSampled of [true, false]) expect(isRecorded(name, parent(isSampled))).toBe(isSampled);
});

test.each<[Name, boolean, boolean]>([
  ['parentbased_always_on', true, false],
  ['parentbased_always_off', true, false],
  ['parentbased_traceidratio', true, false],
  ['always_on', true, true],
  ['always_off', false, false],
])('%s follows another service if it is based on parents: %s, %s', (name, ofSampled, ofUnsampled) => {
  expect(isRecorded(name, parent(true, { isRemote: true }))).toBe(ofSampled);
  expect(isRecorded(name, parent(false, { isRemote: true }))).toBe(ofUnsampled);
});

test.each<Name>(['traceidratio', 'parentbased_traceidratio'])(
  '%s records a share of the trace ids',
  (name) => {
    expect(isRecorded(name, ROOT_CONTEXT, { traceId: lowest })).toBe(true);
    expect(isRecorded(name, ROOT_CONTEXT, { traceId: highest })).toBe(false);
    expect(isRecorded(name, ROOT_CONTEXT, { traceId: highest, ratio: 1 })).toBe(true);
    expect(isRecorded(name, ROOT_CONTEXT, { traceId: lowest, ratio: 0 })).toBe(false);
  },
);

test('an untrusted caller cannot choose a trace id that the ratio includes', () => {
  const context = parent(true, { isRemote: true, isTrusted: false });
  const decisions = Array.from({ length: 100 }, () =>
    isRecorded('traceidratio', context, { traceId: lowest }),
  );
  // All hundred agree by chance once in 2^99 runs.
  expect(new Set(decisions)).toEqual(new Set([true, false]));
});

test('the sampler has the name of its setting', () => {
  const env = { OTEL_TRACES_SAMPLER: 'always_on', OTEL_TRACES_SAMPLER_ARG: 1 } as const;
  expect(String(createSampler(env))).toBe('always_on');
});
