import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { post, resultOf } from '#tests/support/call.ts';
import { type Collector, startCollector } from '#tests/support/collector.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { callersTrace, exportingTo } from './support.ts';

const key = 'key-of-another-service';
const withKey = { authorization: `Bearer ${key}` };
const settings = { SERVICE_KEYS: `robot:${createHash('sha256').update(key).digest('hex')}` };

describe.each([
  // A parent-based sampler follows the decision of authenticated services and ignores that of other callers.
  { OTEL_TRACES_SAMPLER: 'parentbased_always_off', service: true, unsampledService: false, untrusted: false },
  { OTEL_TRACES_SAMPLER: 'parentbased_always_on', service: true, unsampledService: false, untrusted: true },
  { OTEL_TRACES_SAMPLER: 'always_off', service: false, unsampledService: false, untrusted: false },
  { OTEL_TRACES_SAMPLER: 'always_on', service: true, unsampledService: true, untrusted: true },
])('$OTEL_TRACES_SAMPLER', ({ OTEL_TRACES_SAMPLER, service, unsampledService, untrusted }) => {
  let collector: Collector;
  let product: Product;
  beforeAll(async () => {
    collector = await startCollector();
    product = await startProduct({ ...exportingTo(collector), ...settings, OTEL_TRACES_SAMPLER });
  });
  afterAll(async () => {
    await product.close();
    await collector.close();
  });

  test('samples by the kind of caller, and one with an invalid key counts as unauthenticated', async () => {
    const of = {
      service: callersTrace({ flags: '01' }),
      unsampledService: callersTrace({ flags: '00' }),
      untrusted: callersTrace({ flags: '01' }),
      unsampledUntrusted: callersTrace({ flags: '00' }),
      wrongKey: callersTrace(),
    };
    const callEcho = async (traceparent: string, headers: Record<string, string> = {}) =>
      resultOf(await post(product, 'fixture.body', 1, { ...headers, traceparent }));
    await callEcho(of.service.traceparent, withKey);
    await callEcho(of.unsampledService.traceparent, withKey);
    await callEcho(of.untrusted.traceparent);
    await callEcho(of.unsampledUntrusted.traceparent);
    const rejected = await post(product, 'fixture.body', 1, {
      traceparent: of.wrongKey.traceparent,
      authorization: 'Bearer wrong',
    });
    expect(rejected.status).toBe(401);
    // The remaining spans are exported at shutdown.
    await product.close();
    const recorded = (trace: { traceId: string }) =>
      collector.spans.some(({ traceId }) => traceId === trace.traceId);
    expect(Object.fromEntries(Object.entries(of).map(([who, trace]) => [who, recorded(trace)]))).toEqual({
      service,
      unsampledService,
      untrusted,
      unsampledUntrusted: untrusted,
      wrongKey: untrusted,
    });
    const callers = collector.spans
      .filter(({ traceId, kind }) => traceId === of.wrongKey.traceId && kind === 'server')
      .map(({ attributes }) => attributes['bff.caller']);
    expect(callers).toEqual(untrusted ? ['unknown'] : []);
  });
});

test('the trace id of an unauthenticated caller does not affect ratio sampling, and traces are recorded completely or not at all', async () => {
  const collector = await startCollector();
  const product = await startProduct({
    ...exportingTo(collector),
    ...settings,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.5',
  });
  // All calls use one trace id: sampling by id would record all of them or none.
  const traceId = '00000000000000000000000000000001';
  const calls = 60;
  for (let at = 0; at < calls; at += 1) {
    const traceparent = `00-${traceId}-${at.toString(16).padStart(16, 'a')}-01`;
    await resultOf(await post(product, 'fixture.body', at, { traceparent }));
  }
  await product.close();
  const requestSpans = collector.spans.filter(({ kind }) => kind === 'server');
  // By chance all sixty get the same decision once in 2^59 runs.
  expect(requestSpans.length).toBeGreaterThan(0);
  expect(requestSpans.length).toBeLessThan(calls);
  const below = collector.spans.filter(({ name }) => name === 'fixture.body');
  expect(new Set(below.map(({ parentSpanId }) => parentSpanId))).toEqual(
    new Set(requestSpans.map(({ spanId }) => spanId)),
  );
  await collector.close();
});
