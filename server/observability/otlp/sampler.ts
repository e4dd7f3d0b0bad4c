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

export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio';

/** Set in a context whose parent is a stranger's. */
export const fromStranger = createContextKey('typed-bff.from-stranger');

/**
 * Decides which traces are recorded, as OTEL_TRACES_SAMPLER says. What this product began it also ends; another
 * service's decision holds where the setting is based on parents. A stranger could otherwise have everything of its own
 * recorded, or nothing: by the flag, or by an id that the ratio lets through, so the ratio is applied to an id of ours.
 */
export function createSampler(env: Pick<Env, 'OTEL_TRACES_SAMPLER' | 'OTEL_TRACES_SAMPLER_ARG'>): Sampler {
  const name = env.OTEL_TRACES_SAMPLER;
  const followsOthers = name.startsWith('parentbased_');
  const root = rootSampler(name, env.OTEL_TRACES_SAMPLER_ARG);
  const ids = new RandomIdGenerator();

  function decisionOfParent(context: Context): SamplingDecision | undefined {
    const parent = trace.getSpanContext(context);
    if (!parent || context.getValue(fromStranger)) return undefined;
    if (parent.isRemote && !followsOthers) return undefined;
    const isSampled = (parent.traceFlags & TraceFlags.SAMPLED) !== 0;
    return isSampled ? SamplingDecision.RECORD_AND_SAMPLED : SamplingDecision.NOT_RECORD;
  }

  return {
    shouldSample(context, traceId, ...rest) {
      const decision = decisionOfParent(context);
      if (decision !== undefined) return { decision };
      const id = context.getValue(fromStranger) ? ids.generateTraceId() : traceId;
      return root.shouldSample(context, id, ...rest);
    },
    toString: () => name,
  };
}

function rootSampler(name: SamplerName, ratio: number): Sampler {
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
