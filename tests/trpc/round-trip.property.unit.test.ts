import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import superjson from 'superjson';
import { expect, test } from 'vitest';
import { routeHandler } from '#server/http/route-handlers.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { withServices } from '#tests/http/support/in-process.ts';
import { serializable } from '#tests/http/support/values.ts';
import { readResult } from '#tests/support/call.ts';

const callTrpc = routeHandler(handleTrpc);

withServices();

async function echo(value: unknown): Promise<unknown> {
  const response = await callTrpc(
    new Request('http://localhost:3000/api/trpc/fixture.body', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(superjson.serialize(value)),
    }),
  );
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return readResult(JSON.parse(text));
}

test('every value that superjson supports is echoed with its types', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(serializable, async (value) => {
      // The value after superjson alone, which converts an invalid Date to null.
      const sent = superjson.parse(superjson.stringify(value));
      const echoed = await echo(value);
      expect(isDeepStrictEqual(echoed, { res: sent }), 'equal').toBe(true);
    }),
    { numRuns: 1500 },
  );
});

test('an invalid Date is echoed as null', async () => {
  expect(await echo([new Date(Number.NaN)])).toEqual({ res: [null] });
});

test('an Error is echoed with its name and message', async () => {
  const echoed = await echo({ error: new RangeError('out of range') });
  expect(echoed).toMatchObject({ res: { error: { name: 'RangeError', message: 'out of range' } } });
});
