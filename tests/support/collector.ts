import type { IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { vi } from 'vitest';
import { z } from 'zod';
import { listenOnLoopback } from './upstreams/loopback.ts';

const anyValue = z
  .union([
    z.object({ stringValue: z.string() }),
    z.object({ boolValue: z.boolean() }),
    z.object({ intValue: z.coerce.number() }),
    z.object({ doubleValue: z.number() }),
  ])
  .transform((value) => Object.values(value)[0]);
const attributes = z
  .array(z.object({ key: z.string(), value: anyValue }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, value])));
const resource = z.object({ attributes });

const kindNames = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;

const spanSchema = z
  .object({
    traceId: z.string().regex(/^[\da-f]{32}$/),
    spanId: z.string().regex(/^[\da-f]{16}$/),
    parentSpanId: z.string().optional(),
    traceState: z.string().optional(),
    name: z.string(),
    kind: z.int().transform((kind) => kindNames[kind]),
    startTimeUnixNano: z.coerce.bigint(),
    endTimeUnixNano: z.coerce.bigint(),
    attributes,
    status: z.object({ code: z.int().default(0) }),
  })
  .transform(({ status, ...span }) => ({ ...span, failed: status.code === 2 }));
export type ReceivedSpan = z.output<typeof spanSchema> & {
  /** The resource attributes that all spans of its process share. */
  resource: z.output<typeof attributes>;
  scope: string;
};

const tracesSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource,
      scopeSpans: z.array(z.object({ scope: z.object({ name: z.string() }), spans: z.array(spanSchema) })),
    }),
  ),
});

const number = z.object({ attributes, asDouble: z.number() });
const histogram = z.object({
  attributes,
  count: z.number(),
  sum: z.number(),
  bucketCounts: z.array(z.number()),
  explicitBounds: z.array(z.number()),
});
const metricSchema = z.object({
  name: z.string(),
  description: z.string(),
  sum: z
    .object({ isMonotonic: z.boolean(), aggregationTemporality: z.literal(2), dataPoints: z.array(number) })
    .optional(),
  gauge: z.object({ dataPoints: z.array(number) }).optional(),
  histogram: z.object({ aggregationTemporality: z.literal(2), dataPoints: z.array(histogram) }).optional(),
});
type ReceivedMetric = z.output<typeof metricSchema>;

const metricsSchema = z.object({
  resourceMetrics: z.array(
    z.object({ resource, scopeMetrics: z.array(z.object({ metrics: z.array(metricSchema) })) }),
  ),
});

export type Collector = {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  /** All received spans in order of arrival. */
  spans: ReceivedSpan[];
  /** Each export of metrics: the resource that sent it, and its metrics by name. */
  exports: { resource: Record<string, unknown>; metrics: Map<string, ReceivedMetric> }[];
  /** Path and headers of all requests. */
  requests: { path: string; headers: IncomingHttpHeaders }[];
  /** The unparsed text of all bodies received without a fault. */
  text(): string;
  /** Makes the collector hang or respond with this status from now on; undefined restores it. */
  fault(fault: 'hang' | number | undefined): void;
  close(): Promise<void>;
};

/**
 * Starts a server that receives OTLP as JSON over HTTP, as an OpenTelemetry collector does on port 4318. Anything else
 * gets a 400.
 */
export async function startCollector(): Promise<Collector> {
  const spans: Collector['spans'] = [];
  const exports: Collector['exports'] = [];
  const requests: Collector['requests'] = [];
  const bodies: string[] = [];
  let fault: 'hang' | number | undefined;

  function receive(path: string, body: unknown): void {
    if (path === '/v1/traces') {
      for (const { resource, scopeSpans } of tracesSchema.parse(body).resourceSpans) {
        for (const { scope, spans: received } of scopeSpans) {
          for (const span of received) {
            spans.push({ ...span, resource: resource.attributes, scope: scope.name });
          }
        }
      }
      return;
    }
    if (path !== '/v1/metrics') throw new Error(`unknown path ${path}`);
    for (const { resource, scopeMetrics } of metricsSchema.parse(body).resourceMetrics) {
      const metrics = scopeMetrics.flatMap((scope) => scope.metrics);
      exports.push({
        resource: resource.attributes,
        metrics: new Map(metrics.map((metric) => [metric.name, metric])),
      });
    }
  }

  const { url, close } = await listenOnLoopback(async (request, response) => {
    const text = (await buffer(request)).toString('utf8');
    const path = request.url ?? '';
    requests.push({ path, headers: request.headers });
    if (fault === 'hang') return;
    if (fault !== undefined) {
      response.writeHead(fault).end();
      return;
    }
    try {
      bodies.push(text);
      receive(path, JSON.parse(text));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  });

  return {
    url,
    spans,
    exports,
    requests,
    text: () => bodies.join('\n'),
    fault(next) {
      fault = next;
    },
    close,
  };
}

/** Waits until the trace of a matching span has a span of each of these names. @returns all spans of the trace */
export function untilTraced(
  { spans }: Pick<Collector, 'spans'>,
  matches: (span: ReceivedSpan) => boolean,
  ...names: string[]
): Promise<ReceivedSpan[]> {
  return vi.waitFor(
    () => {
      const found = spans.find(matches);
      const trace = spans.filter(({ traceId }) => traceId === found?.traceId);
      const missing = names.filter((name) => !trace.some((span) => span.name === name));
      if (!found || missing.length > 0) {
        throw new Error(
          `missing spans: ${missing.join(', ')}; received: ${spans.map(({ name }) => name).join(', ')}`,
        );
      }
      return trace;
    },
    { timeout: 15_000, interval: 20 },
  );
}

export type SpanTree = { [name: string]: SpanTree };

/** Returns the span names of a trace as a tree. The root span's parent may belong to another system. */
export function treeOf(trace: readonly ReceivedSpan[]): SpanTree {
  const known = new Set(trace.map(({ spanId }) => spanId));
  const childrenOf = (parent: string | undefined): SpanTree =>
    Object.fromEntries(
      trace
        .filter(({ parentSpanId = '' }) => (known.has(parentSpanId) ? parentSpanId : undefined) === parent)
        .map(({ name, spanId }) => [name, childrenOf(spanId)]),
    );
  return childrenOf(undefined);
}

export function spanNamed(trace: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const span = trace.find((each) => each.name === name);
  if (!span) throw new Error(`no span ${name} among ${trace.map((each) => each.name).join(', ')}`);
  return span;
}
