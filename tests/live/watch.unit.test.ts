import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createWatch } from '#server/live/watch.ts';
import { createLogger } from '#server/observability/log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A watch over states that a test changes, and the keys of each read. */
function createStates(initial: Record<string, number>) {
  const states = new Map(Object.entries(initial));
  const reads: string[][] = [];
  let failure: Error | undefined;
  const watch = createWatch<number>({
    async read(keys) {
      reads.push([...keys]);
      if (failure) throw failure;
      return new Map(keys.flatMap((key) => (states.has(key) ? [[key, states.get(key) ?? 0] as const] : [])));
    },
    versionOf: String,
    interval: 2_000,
    keysInRead: 2,
    log: createLogger({ level: 'silent' }),
  });
  return {
    watch,
    states,
    reads,
    fail(error: Error | undefined) {
      failure = error;
    },
  };
}

/** Collects what a watch yields until the signal aborts. */
function collect(watch: ReturnType<typeof createStates>['watch'], key: string) {
  const controller = new AbortController();
  const items: (number | undefined)[] = [];
  const done = (async () => {
    for await (const item of watch.states(key, { signal: controller.signal })) items.push(item);
  })();
  return {
    items,
    async stop() {
      controller.abort();
      await done;
    },
  };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

test('yields the state at once, and each change after the interval', async () => {
  const { watch, states } = createStates({ a: 1 });
  const { items, stop } = collect(watch, 'a');
  await settle();
  expect(items).toEqual([1]);
  states.set('a', 2);
  await vi.advanceTimersByTimeAsync(1_999);
  expect(items).toEqual([1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(items).toEqual([1, 2]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(items).toEqual([1, 2]);
  await stop();
});

test('yields a change at once after a hint for its key, or for all', async () => {
  const { watch, states } = createStates({ a: 1 });
  const { items, stop } = collect(watch, 'a');
  await settle();
  states.set('a', 2);
  watch.look('other');
  await settle();
  expect(items).toEqual([1]);
  watch.look('a');
  await settle();
  expect(items).toEqual([1, 2]);
  states.set('a', 3);
  watch.look();
  await settle();
  expect(items).toEqual([1, 2, 3]);
  await stop();
});

test('reads once for all watchers of a key, and several keys together', async () => {
  const { watch, reads } = createStates({ a: 1, b: 2, c: 3 });
  const watchers = ['a', 'a', 'b', 'c'].map((key) => collect(watch, key));
  await settle();
  reads.length = 0;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(reads).toEqual([['a', 'b'], ['c']]);
  for (const { stop } of watchers) await stop();
  expect(watchers.map(({ items }) => items)).toEqual([[1], [1], [2], [3]]);
});

test('reads nothing without watchers', async () => {
  const { watch, reads } = createStates({ a: 1 });
  const { stop } = collect(watch, 'a');
  await settle();
  await stop();
  reads.length = 0;
  watch.look();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(reads).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test('yields undefined for a state that does not exist, or no longer', async () => {
  const { watch, states } = createStates({ a: 1 });
  const [a, b] = [collect(watch, 'a'), collect(watch, 'b')];
  await settle();
  states.delete('a');
  states.set('b', 2);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([a.items, b.items]).toEqual([
    [1, undefined],
    [undefined, 2],
  ]);
  await a.stop();
  await b.stop();
});

test('waits while the states cannot be read, and goes on afterwards', async () => {
  const { watch, states, fail } = createStates({ a: 1 });
  fail(new Error('the database is down'));
  const { items, stop } = collect(watch, 'a');
  await vi.advanceTimersByTimeAsync(4_000);
  expect(items).toEqual([]);
  fail(undefined);
  states.set('a', 2);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(items).toEqual([2]);
  await stop();
});

test('yields the state after its own read, while reads of others go on', async () => {
  const reads: PromiseWithResolvers<void>[] = [];
  const watch = createWatch<number>({
    async read(keys) {
      const read = Promise.withResolvers<void>();
      reads.push(read);
      await read.promise;
      return new Map(keys.map((key) => [key, 1]));
    },
    versionOf: String,
    interval: 2_000,
    keysInRead: 2,
    log: createLogger({ level: 'silent' }),
  });
  const slow = collect(watch, 'slow');
  const own = collect(watch, 'own');
  const others = [collect(watch, 'other')];
  for (let count = 0; count < 2; count += 1) {
    others.push(collect(watch, `other ${count}`), collect(watch, `another ${count}`));
    reads[count]?.resolve();
    await settle();
  }
  expect(reads).toHaveLength(3);
  expect([slow.items, own.items]).toEqual([[1], [1]]);
  reads.at(-1)?.resolve();
  await settle();
  for (const read of reads) read.resolve();
  await Promise.all([slow, own, ...others].map(({ stop }) => stop()));
});

test('reads nothing for a key whose watcher left while it was due', async () => {
  const read = vi.fn(async (keys: readonly string[]) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return new Map(keys.map((key) => [key, 1]));
  });
  const log = createLogger({ level: 'silent' });
  const watch = createWatch<number>({ read, versionOf: String, interval: 2_000, keysInRead: 2, log });
  const watched = [collect(watch, 'a'), collect(watch, 'b')];
  await vi.advanceTimersByTimeAsync(200);
  watch.look('a');
  watch.look('b');
  await watched[1]?.stop();
  await vi.advanceTimersByTimeAsync(200);
  await watched[0]?.stop();
  expect(read.mock.calls).toEqual([[['a']], [['b']], [['a']]]);
});

test('ends polls of several keys although the states cannot be read', async () => {
  const { watch, fail } = createStates({});
  fail(new Error('down'));
  const signal = new AbortController();
  const polls = ['a', 'b', 'c'].map(async (key) => {
    const ended = new AbortController();
    const options = { signal: AbortSignal.any([signal.signal, ended.signal]), onWait: () => ended.abort() };
    for await (const item of watch.states(key, options)) throw new Error(`yields ${item}`);
    return key;
  });
  expect(await Promise.all(polls)).toEqual(['a', 'b', 'c']);
});

test('calls onWait when nothing more is known', async () => {
  const { watch } = createStates({ a: 1 });
  const controller = new AbortController();
  const items: unknown[] = [];
  const options = { signal: controller.signal, onWait: () => controller.abort() };
  for await (const item of watch.states('a', options)) items.push(item);
  expect(items).toEqual([1]);
});

test('yields to a slow consumer the latest state, not each that it has missed', async () => {
  const { watch, states } = createStates({ a: 1 });
  const controller = new AbortController();
  const items = watch.states('a', { signal: controller.signal });
  expect((await items.next()).value).toBe(1);
  for (const value of [2, 3]) {
    states.set('a', value);
    watch.look('a');
    await settle();
  }
  expect((await items.next()).value).toBe(3);
  controller.abort();
  expect((await items.next()).done).toBe(true);
});
