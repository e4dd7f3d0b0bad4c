import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import {
  currentTrace,
  formatTraceparent,
  parseTraceparent,
  traceHeaders,
  traceIds,
} from '#server/observability/trace-context.ts';

const { headerLength } = limits.telemetry;

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

describe('a traceparent', () => {
  test.each([
    ['00', '01', true],
    ['00', '00', false],
    // Other flags do not affect sampling.
    ['00', '03', true],
    ['00', 'fe', false],
  ])('of version %s with flags %s is accepted', (version, flags, isSampled) => {
    expect(parseTraceparent(`${version}-${traceId}-${spanId}-${flags}`)).toEqual({
      traceId,
      spanId,
      isSampled,
    });
  });

  test.each([`cc-${traceId}-${spanId}-01`, `01-${traceId}-${spanId}-01-what-comes-later`])(
    'of a later version, %s, is parsed as version 00 and written as version 00',
    (given) => {
      const context = parseTraceparent(given);
      expect(context && formatTraceparent(context)).toBe(`00-${traceId}-${spanId}-01`);
    },
  );

  test.each([
    '',
    traceId,
    `00-${traceId}-${spanId}`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}-01 `,
    ` 00-${traceId}-${spanId}-01`,
    `ff-${traceId}-${spanId}-01`,
    `0-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}g-${spanId}-01`,
    `00-${traceId}-${spanId}-0x`,
    `01-${traceId}-${spanId}-01-${'x'.repeat(headerLength - 55)}`,
    `00-${traceId}-${spanId}-01\n`,
  ])('%j is invalid', (given) => {
    expect(parseTraceparent(given)).toBeUndefined();
  });
});

test('a traceparent of a later version may be as long as any header of a trace', () => {
  const longest = `01-${traceId}-${spanId}-01-${'x'.repeat(headerLength - 56)}`;
  expect(longest).toHaveLength(headerLength);
  expect(parseTraceparent(longest)).toMatchObject({ traceId });
});

test('no traceparent is no trace, and no trace has no headers', () => {
  expect(parseTraceparent(null)).toBeUndefined();
  expect(traceHeaders(undefined)).toEqual({});
});

test('a trace that is not sampled is passed on as such', () => {
  expect(formatTraceparent({ traceId, spanId, isSampled: false })).toBe(`00-${traceId}-${spanId}-00`);
});

test('the trace fields of a log line are those of the running code', () => {
  expect(traceIds()).toBeUndefined();
  const context = { traceId, spanId, isSampled: true };
  expect(currentTrace.run(context, traceIds)).toEqual({ trace_id: traceId, span_id: spanId });
});

describe('a tracestate', () => {
  const traceparent = `00-${traceId}-${spanId}-01`;

  test('is propagated unchanged', () => {
    const tracestate = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE';
    expect(traceHeaders(parseTraceparent(traceparent, tracestate))).toEqual({ traceparent, tracestate });
  });

  test('may be as long as any header of a trace', () => {
    const tracestate = 'a'.repeat(headerLength);
    expect(traceHeaders(parseTraceparent(traceparent, tracestate))).toEqual({ traceparent, tracestate });
  });

  test.each([
    ['missing', null],
    ['empty', ''],
    ['too long', 'a'.repeat(headerLength + 1)],
    ['not printable', 'a=\u0007'],
  ])('that is %s is dropped, and the trace continues', (_, tracestate) => {
    expect(traceHeaders(parseTraceparent(traceparent, tracestate))).toEqual({ traceparent });
  });
});
