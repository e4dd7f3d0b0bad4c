import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '#server/errors.ts';
import type { JobContext } from '#server/jobs/define-job.ts';
import { JobError } from '#server/jobs/job-error.ts';
import type { ClaimedJob, JobQueue } from '#server/jobs/job-queue.ts';
import { createJobRunner } from '#server/jobs/runner.ts';
import { jobTiming } from '#server/jobs/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import { textJob } from './support.ts';

beforeEach(() => {
  vi.useFakeTimers();
  // Every backoff is half of its maximum.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const notUsed = (): never => {
  throw new Error('The runner does not use this.');
};

function claimedJob(id: string, attempts = 1, crashedClaims = 0): ClaimedJob {
  return {
    row: {
      id,
      name: 'text',
      input: JSON.stringify({ text: id }),
      unique_key: null,
      status: 'running',
      attempts,
      unfinished: crashedClaims + 1,
      accepted_at: 0,
      queued_at: 0,
      next_attempt_at: 0,
      lease_token: `token of ${id}`,
      lease_until: 0,
      finished_at: null,
      last_error: null,
      traceparent: null,
    },
    token: `token of ${id}`,
    age: 0,
    crashedClaims,
  };
}

/** Creates a runner with a queue that hands out these jobs, and records what happens. */
function testRunner(
  claims: ClaimedJob[],
  run: (context: JobContext, text: string) => Promise<void>,
  options: { queue?: Partial<JobQueue>; timeout?: number } = {},
) {
  const outcomes: unknown[] = [];
  const events: string[] = [];
  const lines: unknown[] = [];
  const queue: JobQueue = {
    enqueue: notUsed,
    schedules: notUsed,
    enqueueDue: notUsed,
    list: notUsed,
    get: notUsed,
    requeue: notUsed,
    discard: notUsed,
    counts: notUsed,
    deleteDone: notUsed,
    claim: async (names) => (names.includes('text') ? claims.shift() : undefined),
    renew: async () => true,
    complete: async (id, token) => outcomes.push({ id, token, status: 'done' }) > 0,
    retryLater: async (id, _, retry) => outcomes.push({ id, status: 'queued', ...retry }) > 0,
    markDead: async (id, _, lastError) => outcomes.push({ id, status: 'dead', lastError }) > 0,
    completeWith: async (id) => void outcomes.push({ id, status: 'completed' }),
    ...options.queue,
  };
  const job = textJob(({ text }, context) => run(context, text), {
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
  });
  const runner = createJobRunner({
    jobs: [job],
    queue: async () => queue,
    services: notUsed,
    log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }),
    timing: { ...jobTiming, concurrency: 1, pollInterval: 100 },
    record: (_, event) => events.push(event),
    observe: () => undefined,
  });
  return { runner, outcomes, events, lines };
}

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

describe('a job that fails', () => {
  test.each([
    { attempt: 1, delay: 2_500 },
    { attempt: 2, delay: 7_500 },
    { attempt: 3, delay: 22_500 },
    { attempt: 9, delay: 450_000 },
  ])('is retried after a backoff that grows with its attempts: $attempt', async ({ attempt, delay }) => {
    const { runner, outcomes, events } = testRunner([claimedJob('a', attempt)], () =>
      Promise.reject(new TypeError('ada@visitor.example')),
    );
    runner.start();
    await pass(0);
    expect(outcomes).toEqual([
      { id: 'a', status: 'queued', delay, lastError: 'transient: TypeError', countAttempt: true },
    ]);
    expect(events).toEqual(['retried']);
  });

  test.each([
    ['after its last attempt', claimedJob('a', 10), new Error('again'), 'transient: Error'],
    [
      'that will never succeed',
      claimedJob('a'),
      new JobError('permanent', 'no such user'),
      'permanent: no such user',
    ],
  ])('%s is dead', async (_, claimed, error, lastError) => {
    const { runner, outcomes, events, lines } = testRunner([claimed], () => Promise.reject(error));
    runner.start();
    await pass(0);
    expect(outcomes).toEqual([{ id: 'a', status: 'dead', lastError }]);
    expect(events).toEqual(['dead']);
    expect(lines).toMatchObject([{ level: 'error', msg: 'job marked dead', jobId: 'a', job: 'text' }]);
  });

  test.each([
    [new AppError('upstream_timeout'), 'transient: upstream_timeout'],
    ['ada@visitor.example', 'transient: unknown'],
  ])('with %s keeps no text of others', async (thrown, lastError) => {
    const { runner, outcomes } = testRunner([claimedJob('a')], () => Promise.reject(thrown));
    runner.start();
    await pass(0);
    expect(outcomes).toMatchObject([{ lastError }]);
  });

  test('because of its process, again and again, is dead without another attempt', async () => {
    const run = vi.fn(async () => undefined);
    const poison = claimedJob('poison', 6, jobTiming.crashedClaims);
    const { runner, outcomes } = testRunner([poison, claimedJob('b')], run);
    runner.start();
    await pass(0);
    expect(outcomes).toMatchObject([
      { id: 'poison', status: 'dead', lastError: '5 claims without an outcome' },
      { id: 'b', status: 'done' },
    ]);
    expect(run).toHaveBeenCalledOnce();
  });
});

describe('while what a job needs is unavailable', () => {
  test('the pause grows with each attempt, and ends with a success', async () => {
    const times: number[] = [];
    const errors = [1, 2, 3].map(() => new JobError('unavailable', 'off'));
    const started = performance.now();
    const claims = ['a', 'b', 'c', 'd', 'e'].map((id) => claimedJob(id));
    const { runner, outcomes, events } = testRunner(claims, async () => {
      times.push(performance.now() - started);
      const error = errors.shift();
      if (error) throw error;
    });
    runner.start();
    await pass(60_000);
    expect(outcomes).toMatchObject([
      { delay: 2_500, countAttempt: false, lastError: 'unavailable: off' },
      { delay: 7_500, countAttempt: false },
      { delay: 22_500, countAttempt: false },
      { id: 'd', status: 'done' },
      { id: 'e', status: 'done' },
    ]);
    expect(times).toEqual([0, 2_500, 10_000, 32_500, 32_500]);
    expect(events).toEqual(['unavailable', 'unavailable', 'unavailable', 'done', 'done']);
  });
});

describe('a job that runs long', () => {
  test('is aborted at its timeout and retried, whether its run listens or not', async () => {
    const signals: AbortSignal[] = [];
    const { runner, outcomes } = testRunner(
      [claimedJob('a')],
      ({ signal }) => {
        signals.push(signal);
        return new Promise(() => undefined);
      },
      { timeout: 90_000 },
    );
    runner.start();
    await pass(89_999);
    expect(outcomes).toEqual([]);
    await pass(2);
    expect(outcomes).toMatchObject([
      { status: 'queued', lastError: 'transient: timeout', countAttempt: true },
    ]);
    expect(signals[0]?.aborted).toBe(true);
  });

  test('renews its lease three times in its duration, also after a failure of the storage', async () => {
    const renew = vi.fn<JobQueue['renew']>(async () => true);
    renew.mockRejectedValueOnce(new AppError('storage_unavailable'));
    const ended = Promise.withResolvers<void>();
    const { runner, outcomes } = testRunner([claimedJob('a')], () => ended.promise, { queue: { renew } });
    runner.start();
    await pass(jobTiming.lease);
    expect(renew.mock.calls).toEqual(Array(3).fill(['a', 'token of a']));
    ended.resolve();
    await pass(jobTiming.lease);
    expect(renew).toHaveBeenCalledTimes(3);
    expect(outcomes).toMatchObject([{ status: 'done' }]);
  });

  test('ends when another process has taken it over', async () => {
    let reason: unknown;
    const { runner } = testRunner(
      [claimedJob('a')],
      async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        reason = signal.reason;
      },
      { queue: { renew: async () => false } },
    );
    runner.start();
    await pass(jobTiming.lease / 3);
    expect(reason).toMatchObject({ message: 'another process has taken the job over' });
  });
});

test('an error after the completion does not repeat the job', async () => {
  const { runner, outcomes, events } = testRunner([claimedJob('a')], async ({ complete }) => {
    await complete(async () => undefined);
    throw new Error('too late');
  });
  runner.start();
  await pass(0);
  expect(outcomes).toEqual([{ id: 'a', status: 'completed' }]);
  expect(events).toEqual(['done']);
});
