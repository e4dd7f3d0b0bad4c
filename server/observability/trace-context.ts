import { AsyncLocalStorage } from 'node:async_hooks';
import { limits } from '../config/limits.ts';
import { defineSingleton } from '../lib/singleton.ts';

/** A trace context as in https://www.w3.org/TR/trace-context/. */
export type TraceContext = {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits. */
  spanId: string;
  isSampled: boolean;
  /** Vendor-specific state of other systems, passed on unchanged. */
  traceState?: string | undefined;
};

/** The trace context of the running code. */
export const currentTrace = defineSingleton(
  'current-trace',
  () => new AsyncLocalStorage<TraceContext | undefined>(),
).get();

/** Returns the trace fields of a log line. */
export function traceIds(): { trace_id: string; span_id: string } | undefined {
  const context = currentTrace.getStore();
  return context && { trace_id: context.traceId, span_id: context.spanId };
}

/** Later versions of the format may append fields. */
const traceparent = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const zeros = /^0+$/;
const printable = /^[\x20-\x7e]+$/;

/** @returns undefined for anything but a well-formed `traceparent` */
export function parseTraceparent(header: string | null, state?: string | null): TraceContext | undefined {
  if (header === null || header.length > limits.telemetry.headerLength) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', rest] = traceparent.exec(header) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (zeros.test(traceId) || zeros.test(spanId)) return undefined;
  const isSampled = (Number.parseInt(flags, 16) & 1) === 1;
  return { traceId, spanId, isSampled, ...(isTraceState(state) ? { traceState: state } : {}) };
}

function isTraceState(state: string | null | undefined): state is string {
  return typeof state === 'string' && state.length <= limits.telemetry.headerLength && printable.test(state);
}

export function formatTraceparent({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** Returns the headers that propagate a trace to another system. */
export function traceHeaders(context: TraceContext | undefined): Record<string, string> {
  if (!context) return {};
  const { traceState } = context;
  return {
    traceparent: formatTraceparent(context),
    ...(traceState === undefined ? {} : { tracestate: traceState }),
  };
}
