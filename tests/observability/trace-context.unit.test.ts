import { describe, expect, test } from 'vitest';
import { formatTraceparent, parseTraceparent, traceHeaders } from '#server/observability/trace-context.ts';

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
    `01-${traceId}-${spanId}-01-${'x'.repeat(500)}`,
    `00-${traceId}-${spanId}-01\n`,
  ])('%j is invalid', (given) => {
    expect(parseTraceparent(given)).toBeUndefined();
  });
});

describe('a tracestate', () => {
  const traceparent = `00-${traceId}-${spanId}-01`;

  test('is propagated unchanged', () => {
    const tracestate = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE';
    expect(traceHeaders(parseTraceparent(traceparent, tracestate))).toEqual({ traceparent, tracestate });
  });

  test.each([
    ['missing', null],
    ['empty', ''],
    ['too long', 'a=b,'.repeat(200)],
    ['not printable', 'a=\u0007'],
  ])('that is %s is dropped, and the trace continues', (_, tracestate) => {
    expect(traceHeaders(parseTraceparent(traceparent, tracestate))).toEqual({ traceparent });
  });
});
