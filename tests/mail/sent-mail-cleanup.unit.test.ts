import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSentMailCleanup } from '#server/mail/sent-mail-cleanup.ts';
import { createLogger } from '#server/observability/log.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const timing = { sentKeptFor: 5_000, sweepInterval: 1_000 };

/** Creates a cleanup whose outbox deletes these numbers of mails, one after the other, or fails. */
function testCleanup(...results: (number | Error)[]) {
  const askedFor: number[] = [];
  const lines: unknown[] = [];
  const deleteSent = async (olderThan: number) => {
    askedFor.push(olderThan);
    const result = results.shift() ?? 0;
    if (typeof result !== 'number') throw result;
    return result;
  };
  const cleanup = createSentMailCleanup({
    outbox: async () => ({ deleteSent }),
    log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }),
    timing,
  });
  return { cleanup, askedFor, lines };
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

test('old mails are deleted on start, in several steps, until none is left', async () => {
  const { cleanup, askedFor, lines } = testCleanup(500, 20);
  cleanup.start();
  await pass(0);
  expect(askedFor).toEqual([5_000, 5_000, 5_000]);
  expect(lines).toMatchObject([
    { level: 'info', msg: 'old sent mails deleted', deleted: 500 },
    { level: 'info', deleted: 20 },
  ]);
});

test('they are deleted again at each interval, until the end', async () => {
  const { cleanup, askedFor } = testCleanup();
  cleanup.start();
  await pass(2_999);
  expect(askedFor).toHaveLength(3);
  cleanup.stop();
  await pass(10_000);
  expect(askedFor).toHaveLength(3);
  expect(vi.getTimerCount()).toBe(0);
});

test('a second start adds no second interval, and a start after the end begins again', async () => {
  const { cleanup, askedFor } = testCleanup();
  cleanup.start();
  cleanup.start();
  expect(vi.getTimerCount()).toBe(1);
  cleanup.stop();
  await pass(0);
  cleanup.start();
  await pass(1_000);
  expect(askedFor).toHaveLength(4);
  cleanup.stop();
});

test('a failure is logged, and the next interval tries again', async () => {
  const { cleanup, askedFor, lines } = testCleanup(new Error('disk full'), 7);
  cleanup.start();
  await pass(0);
  expect(askedFor).toHaveLength(1);
  expect(lines).toMatchObject([
    { level: 'warn', msg: 'old sent mails could not be deleted', err: { message: 'disk full' } },
  ]);
  await pass(1_000);
  expect(lines.slice(1)).toMatchObject([{ deleted: 7 }]);
  cleanup.stop();
});
