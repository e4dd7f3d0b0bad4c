import { Readable } from 'node:stream';
import { jsonlStreamConsumer } from '@trpc/server/unstable-core-do-not-import';
import fc from 'fast-check';
import superjson from 'superjson';
import { expect, test } from 'vitest';
import { freezeDeep } from '#server/lib/immutable.ts';
import { headLine, linesFormat, singleLineFormat } from '#server/trpc/http/json-lines.ts';
import { serializable } from '#tests/http/support/values.ts';

/** Reads JSON lines as tRPC's client does. */
async function read(lines: readonly string[]): Promise<unknown[]> {
  const [head] = await jsonlStreamConsumer<Record<string, Promise<unknown>>>({
    from: Readable.from(lines.map((line) => Buffer.from(line))),
    deserialize: superjson.deserialize,
    abortController: new AbortController(),
  });
  return Promise.all(Object.values(head));
}

const results = (outputs: readonly unknown[]) => outputs.map((data) => ({ result: { data } }));

test("tRPC's client reads the outputs with their types, in any order of the lines", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(serializable, { minLength: 2, maxLength: 4 }), async (outputs) => {
      const lines = outputs.map((output, index) => linesFormat.output(output, index));
      expect(await read([headLine(outputs.length), ...lines.toReversed()])).toEqual(results(outputs));
      expect(await read([singleLineFormat.output(outputs[0], 0)])).toEqual(results(outputs.slice(0, 1)));
    }),
    { numRuns: 200 },
  );
});

const at = new Date('2026-03-29T12:00:00.000Z');
const twice = { at };
const cycle: { at: Date; self?: unknown } = { at };
cycle.self = cycle;

test.each([
  ['immutable properties', { part: freezeDeep({ at, days: [{ at }] }), other: { at }, 'a.b': null }],
  ['a date', at],
  ['undefined', undefined],
  ['a value that occurs twice', { first: twice, second: twice }],
  ['a value that contains itself', cycle],
  ['text of the format', { json: 'null', meta: { values: { '2.0.0': ['Date'] } } }],
])('an output with %s is restored', async (_, output) => {
  expect(await read([headLine(1), linesFormat.output(output, 0)])).toEqual(results([output]));
  expect(await read([singleLineFormat.output(output, 0)])).toEqual(results([output]));
});

test('an object that occurs twice in an output is one object to the reader, too', async () => {
  const lines = [headLine(1), linesFormat.output({ first: twice, second: twice }, 0)];
  const [result] = await read(lines);
  const { first, second } = Object(result).result.data;
  expect(first).toEqual(twice);
  expect(second).toBe(first);
});

test('the first line lists the calls as that of tRPC does', () => {
  expect(JSON.parse(headLine(2))).toEqual({ json: { 0: [[0], [null, 0, 0]], 1: [[0], [null, 0, 1]] } });
});

test("tRPC's client reads the error of a call", async () => {
  const error = {
    message: 'Not found.',
    code: -32004,
    data: { code: 'NOT_FOUND', httpStatus: 404, path: 'a', requestId: 'request-1', reason: 'not_found' },
  } as const;
  expect(await read([headLine(2), linesFormat.error(error, 1), linesFormat.output('fine', 0)])).toEqual([
    { result: { data: 'fine' } },
    { error },
  ]);
  expect(await read([singleLineFormat.error(error, 0)])).toEqual([{ error }]);
});
