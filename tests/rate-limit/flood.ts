/**
 * Charges a million distinct visitors to a memory store and prints the heap growth and the number of remembered
 * visitors as JSON. Runs in its own process with --expose-gc, so that only the store is on the heap.
 */
import { limits } from '#server/config/limits.ts';
import { createMemoryStore } from '#server/rate-limit/memory-store.ts';

const visitors = 1_000_000;
const store = createMemoryStore({ windowSeconds: 3_600 });
const keyOf = (index: number) => `visitor:2001:db8:${(index >> 16).toString(16)}:${index & 0xffff}::/64`;

function usedBytes(): number {
  if (!globalThis.gc) throw new Error('run this with --expose-gc');
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = usedBytes();
for (let index = 0; index < visitors; index += 1) store.consume(keyOf(index));
const grownBytes = usedBytes() - before;

/** Counts from the newest visitor backwards, because charging a remembered visitor evicts no other. */
let remembered = 0;
while (remembered < visitors) {
  const { consumed } = store.consume(keyOf(visitors - 1 - remembered));
  if (consumed !== 2) break;
  remembered += 1;
}
process.stdout.write(JSON.stringify({ grownBytes, remembered, keysInMemory: limits.rateLimit.keysInMemory }));
