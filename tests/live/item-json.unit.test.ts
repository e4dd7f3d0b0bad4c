import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';
import { itemJson } from '#server/trpc/http/event-stream.ts';
import type { ProcedureEntry } from '#server/trpc/procedure-registry.ts';

/** A subscription that counts how often an item is checked. */
function subscription() {
  const check = vi.fn(() => true);
  const procedure: ProcedureEntry = {
    path: 'sample.watch',
    type: 'subscription',
    meta: { summary: 's', description: 'd', sensitive: false, rateLimit: 'light' },
    input: z.void(),
    output: z.object({ n: z.int(), text: z.string().default('') }).refine(check),
    examples: [],
  };
  return { procedure, check };
}

test('an object that many streams send is checked and serialized once, and again when it has another id', async () => {
  const { procedure, check } = subscription();
  const data = { n: 1 };
  const send = (id: string) => itemJson(procedure, { id, data });
  expect(await send('1')).toBe('{"json":{"n":1,"text":""}}');
  expect(await send('1')).toBe('{"json":{"n":1,"text":""}}');
  expect(check).toHaveBeenCalledTimes(1);
  data.n = 2;
  expect(await send('2')).toBe('{"json":{"n":2,"text":""}}');
});

test('another procedure checks the same object by its own schema', async () => {
  const data = { n: 1 };
  const [one, other] = [subscription(), subscription()];
  await itemJson(one.procedure, { id: '1', data });
  await itemJson(other.procedure, { id: '1', data });
  expect(other.check).toHaveBeenCalledTimes(1);
});

test('an item that has not the schema, or is too large, is never sent', async () => {
  const { procedure } = subscription();
  await expect(itemJson(procedure, { id: '1', data: { n: 'one' } })).rejects.toThrow();
  const text = 'x'.repeat(limits.live.itemBytes);
  for (let repeated = 0; repeated < 2; repeated += 1)
    await expect(itemJson(procedure, { id: '1', data: { n: 1, text } })).rejects.toThrow('too large');
});
