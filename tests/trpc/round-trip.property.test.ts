import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import superjson from 'superjson';
import { expect, test } from 'vitest';
import { routeHandler } from '#server/http/route-handlers.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { readResult } from '#tests/product/call.ts';
import { withServices } from '../http/support/in-process.ts';
import { carried } from '../http/support/values.ts';

const callTrpc = routeHandler(handleTrpc);

withServices();

async function echo(value: unknown): Promise<unknown> {
  const response = await callTrpc(
    new Request('http://localhost:3000/api/trpc/echo.body', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(superjson.serialize(value)),
    }),
  );
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return readResult(JSON.parse(text));
}

test('whatever superjson carries comes back equal, its types kept', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(carried, async (value) => {
      // What superjson itself makes of it as text, without the door: of a Date that is none it makes null.
      const sent = superjson.parse(superjson.stringify(value));
      const back = await echo(value);
      expect(isDeepStrictEqual(back, { res: sent }), 'equal').toBe(true);
    }),
    { numRuns: 1500 },
  );
});

test('a Date that is none comes back as null', async () => {
  expect(await echo([new Date(Number.NaN)])).toEqual({ res: [null] });
});

test('an Error comes back with its name and message', async () => {
  const back = await echo({ error: new RangeError('out of range') });
  expect(back).toMatchObject({ res: { error: { name: 'RangeError', message: 'out of range' } } });
});
