import { type Context, createContextKey, TraceFlags, trace } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { Env } from '../../config/env.ts';

/** Marks a context whose parent span was sent by an untrusted caller. */
export const untrustedParent = createContextKey('bff.untrusted-parent');

/**
 * Decides which traces are recorded, according to OTEL_TRACES_SAMPLER. A parent span of this product always decides; a
 * parent span of another service decides if the sampler is based on parents. Untrusted callers never decide: they could
 * choose the sampled flag, or a trace id that passes the ratio, so the ratio is applied to a random id instead.
 */
export function createSampler(env: Pick<Env, 'OTEL_TRACES_SAMPLER' | 'OTEL_TRACES_SAMPLER_ARG'>): Sampler {
  const name = env.OTEL_TRACES_SAMPLER;
  const followsOthers = name.startsWith('parentbased_');
  const root = rootSampler(name, env.OTEL_TRACES_SAMPLER_ARG);
  const ids = new RandomIdGenerator();

  function decisionOfParent(context: Context): SamplingDecision | undefined {
    const parent = trace.getSpanContext(context);
    if (!parent || context.getValue(untrustedParent)) return undefined;
    if (parent.isRemote && !followsOthers) return undefined;
    const isSampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
    return isSampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD;
  }

  return {
    shouldSample(context, traceId, ...rest) {
      const decision = decisionOfParent(context);
      if (decision !== undefined) return { decision };
      const id = context.getValue(untrustedParent) ? ids.generateTraceId() : traceId;
      return root.shouldSample(context, id, ...rest);
    },
    toString: () => name,
  };
}

function rootSampler(name: Env['OTEL_TRACES_SAMPLER'], ratio: number): Sampler {
  switch (name) {
    case 'always_on':
    case 'parentbased_always_on':
      return new AlwaysOnSampler();
    case 'always_off':
    case 'parentbased_always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
    case 'parentbased_traceidratio':
      return new TraceIdRatioBasedSampler(ratio);
  }
}
