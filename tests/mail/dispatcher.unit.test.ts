import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AppError } from '#server/errors.ts';
import type { ClaimedMail, Claims } from '#server/mail/claims.ts';
import { DeliveryError } from '#server/mail/delivery-error.ts';
import { createDispatcher } from '#server/mail/dispatcher.ts';
import type { MailEvent } from '#server/mail/events.ts';
import { type MailTiming, mailTiming } from '#server/mail/timing.ts';
import type { Transport } from '#server/mail/transports.ts';
import { createLogger } from '#server/observability/log.ts';
import { createRequestScope, requestScope } from '#server/observability/request-scope.ts';
import { currentTrace, traceIds } from '#server/observability/trace-context.ts';
import { workRecord } from '#server/observability/work.ts';

beforeEach(() => {
  vi.useFakeTimers();
  // Every backoff is half of its maximum.
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const down = () => new DeliveryError('transport_down', 'CONN ECONNREFUSED');
const transient = () => new DeliveryError('transient', 'RCPT TO 451');
const permanent = () => new DeliveryError('permanent', 'RCPT TO 550');

function claimedMail(id: string, changes: Partial<ClaimedMail> = {}): ClaimedMail {
  return {
    id,
    messageId: `<${id}@site.example>`,
    email: 'ada@visitor.example',
    name: null,
    subject: null,
    contents: 'Hello',
    acceptedAt: new Date(0),
    age: 0,
    attempt: 1,
    crashedClaims: 0,
    token: `token of ${id}`,
    traceparent: null,
    ...changes,
  };
}

/** Polls more often than the product, so that the mail that ends a pause shows when it ends. */
const pollInterval = 100;

type Options = {
  mails?: ClaimedMail[];
  /** Sends a mail, or throws. */
  send?: Transport['send'];
  claims?: Partial<Claims>;
  timing?: Partial<MailTiming>;
};

/** Creates a dispatcher with an outbox that hands out these mails in their order, and records what happens. */
function testDispatcher({ mails = [], send = async () => undefined, claims, timing }: Options = {}) {
  const sent: string[] = [];
  const outcomes: unknown[] = [];
  const events: MailEvent[] = [];
  const lines: unknown[] = [];
  let rounds = 0;
  const outbox: Claims = {
    claim: async () => mails.shift(),
    complete: async (id, token) => outcomes.push({ id, token, status: 'sent' }) > 0,
    retryLater: async (id, token, retry) => outcomes.push({ id, token, status: 'queued', ...retry }) > 0,
    markDead: async (id, token, lastError) => outcomes.push({ id, token, status: 'dead', lastError }) > 0,
    ...claims,
  };
  const dispatcher = createDispatcher({
    outbox: async () => {
      rounds += 1;
      return outbox;
    },
    transport: {
      kind: 'smtp',
      send: async (mail, signal) => {
        sent.push(mail.id);
        await send(mail, signal);
      },
    },
    log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }),
    timing: { ...mailTiming, pollInterval, ...timing },
    record: (event) => events.push(event),
  });
  return { dispatcher, mails, sent, outcomes, events, lines, rounds: () => rounds };
}

/** Lets time pass, and everything that it causes. */
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const settle = () => pass(0);

/** Fails in these ways, one after the other, and then no more. */
function failing(...errors: (Error | undefined)[]): Transport['send'] {
  return async () => {
    const error = errors.shift();
    if (error) throw error;
  };
}

describe('a mail', () => {
  test('that was accepted is sent', async () => {
    const { dispatcher, outcomes, events, lines } = testDispatcher({ mails: [claimedMail('a')] });
    dispatcher.start();
    await settle();
    expect(outcomes).toEqual([{ id: 'a', token: 'token of a', status: 'sent' }]);
    expect(events).toEqual(['sent']);
    expect(lines).toMatchObject([{ level: 'info', msg: 'mail sent', mailId: 'a', attempt: 1 }]);
  });

  test('whose lease expired before its outcome was stored may be sent again, which is logged', async () => {
    const claims = { complete: async () => false };
    const { dispatcher, lines } = testDispatcher({ mails: [claimedMail('a')], claims });
    dispatcher.start();
    await settle();
    expect(lines).toMatchObject([{ level: 'warn', msg: expect.stringContaining('it may be sent again') }]);
  });

  test('that the server will never accept is dead after one attempt', async () => {
    const { dispatcher, outcomes, events, lines } = testDispatcher({
      mails: [claimedMail('a')],
      send: failing(permanent()),
    });
    dispatcher.start();
    await settle();
    expect(outcomes).toEqual([
      { id: 'a', token: 'token of a', status: 'dead', lastError: 'permanent: RCPT TO 550' },
    ]);
    expect(events).toEqual(['dead']);
    expect(lines).toMatchObject([{ level: 'error', msg: 'mail marked dead', summary: 'RCPT TO 550' }]);
  });

  test.each([
    { attempt: 1, delay: 2_500 },
    { attempt: 2, delay: 7_500 },
    { attempt: 3, delay: 22_500 },
    { attempt: 6, delay: 450_000 },
    { attempt: 9, delay: 450_000 },
  ])('is retried after a backoff that grows with its attempts: $attempt', async ({ attempt, delay }) => {
    const { dispatcher, outcomes, events, lines } = testDispatcher({
      mails: [claimedMail('a', { attempt })],
      send: failing(transient()),
    });
    dispatcher.start();
    await settle();
    expect(outcomes).toEqual([
      {
        id: 'a',
        token: 'token of a',
        status: 'queued',
        delay,
        lastError: 'transient: RCPT TO 451',
        countAttempt: true,
      },
    ]);
    expect(events).toEqual(['retried']);
    expect(lines).toMatchObject([{ level: 'warn', msg: 'mail will be retried', retryInMs: delay }]);
  });

  const { giveUpAfter, minAttempts } = mailTiming;
  test.each([
    { title: 'its retry period and its attempts are over', more: {}, status: 'dead' },
    { title: 'its retry period lasts another millisecond', more: { age: giveUpAfter - 1 }, status: 'queued' },
    { title: 'one of its attempts is left', more: { attempt: minAttempts - 1 }, status: 'queued' },
  ])('is $status after a failure when $title', async ({ more, status }) => {
    const mail = claimedMail('a', { age: giveUpAfter, attempt: minAttempts, ...more });
    const { dispatcher, outcomes } = testDispatcher({ mails: [mail], send: failing(transient()) });
    dispatcher.start();
    await settle();
    expect(outcomes).toMatchObject([{ id: 'a', status }]);
  });

  test('is sent after all claims but one that a poison mail may have', async () => {
    const mail = claimedMail('a', { crashedClaims: mailTiming.crashedClaims - 1 });
    const { dispatcher, sent } = testDispatcher({ mails: [mail] });
    dispatcher.start();
    await settle();
    expect(sent).toEqual(['a']);
  });

  test('is dead, and not sent, once as many claims as a poison mail may have had no outcome', async () => {
    const poison = claimedMail('poison', { crashedClaims: mailTiming.crashedClaims });
    const { dispatcher, sent, outcomes, events, lines } = testDispatcher({
      mails: [poison, claimedMail('b')],
    });
    dispatcher.start();
    await settle();
    expect(sent).toEqual(['b']);
    expect(outcomes).toMatchObject([
      { id: 'poison', status: 'dead', lastError: '5 claims without an outcome' },
      { id: 'b', status: 'sent' },
    ]);
    expect(events).toEqual(['dead', 'sent']);
    expect(lines).toMatchObject([
      { level: 'error', msg: expect.stringContaining('mail marked dead'), mailId: 'poison' },
      { level: 'info', mailId: 'b' },
    ]);
  });

  test.each([
    ['an error of the program', new TypeError('the address ada@visitor.example'), 'transient: TypeError'],
    ['a value that is no error', 'ada@visitor.example', 'transient: unknown'],
  ])('is retried after %s, whose text is not stored', async (_, thrown, lastError) => {
    const { dispatcher, outcomes } = testDispatcher({
      mails: [claimedMail('a')],
      send: () => Promise.reject(thrown),
    });
    dispatcher.start();
    await settle();
    expect(outcomes).toMatchObject([{ status: 'queued', lastError, countAttempt: true }]);
  });
});

describe('while the transport is down', () => {
  test('no mail is sent until the backoff is over, and no attempt is counted', async () => {
    const { dispatcher, sent, outcomes, events, lines } = testDispatcher({
      mails: [claimedMail('a'), claimedMail('b')],
      send: failing(down()),
    });
    dispatcher.start();
    await pass(2_499);
    expect(sent).toEqual(['a']);
    expect(outcomes).toEqual([
      {
        id: 'a',
        token: 'token of a',
        status: 'queued',
        delay: 2_500,
        lastError: 'transport_down: CONN ECONNREFUSED',
        countAttempt: false,
      },
    ]);
    expect(events).toEqual(['transport_down']);
    expect(lines).toMatchObject([{ level: 'warn', msg: 'mail transport is down', retryInMs: 2_500 }]);
    await pass(1);
    expect(sent).toEqual(['a', 'b']);
  });

  test('a new mail does not end the pause', async () => {
    const { dispatcher, mails, sent, rounds } = testDispatcher({
      mails: [claimedMail('a')],
      send: failing(down()),
    });
    dispatcher.start();
    await settle();
    mails.push(claimedMail('b'));
    dispatcher.wake();
    await settle();
    expect(rounds()).toBe(2);
    expect(sent).toEqual(['a']);
  });

  test.each([
    ['a mail that is sent', undefined],
    ['a mail that is retried', transient()],
    ['a mail that dies', permanent()],
  ])('the backoff grows, and starts again after %s', async (_, outcome) => {
    const { dispatcher, outcomes } = testDispatcher({
      mails: ['a', 'b', 'c', 'd', 'e'].map((id) => claimedMail(id)),
      send: failing(down(), down(), outcome, down(), down()),
    });
    dispatcher.start();
    await pass(60_000);
    const [first, second, , fourth, fifth] = outcomes;
    expect([first, second, fourth, fifth]).toMatchObject([
      { delay: 2_500 },
      { delay: 7_500 },
      { delay: 2_500 },
      { delay: 7_500 },
    ]);
  });
});

describe('wake()', () => {
  test('does nothing before the start and after the end', async () => {
    const { dispatcher, rounds } = testDispatcher({ mails: [claimedMail('a'), claimedMail('b')] });
    dispatcher.wake();
    await settle();
    expect(rounds()).toBe(0);
    dispatcher.start();
    await settle();
    await dispatcher.stop();
    dispatcher.wake();
    await settle();
    expect(rounds()).toBe(1);
  });

  test('during a round that has found no mail looks once more', async () => {
    const searches: PromiseWithResolvers<undefined>[] = [];
    const claim = () => {
      const search = Promise.withResolvers<undefined>();
      searches.push(search);
      return search.promise;
    };
    const { dispatcher, rounds } = testDispatcher({ claims: { claim } });
    dispatcher.start();
    await settle();
    // The round has already asked for a mail when the new one is stored.
    dispatcher.wake();
    dispatcher.wake();
    searches[0]?.resolve(undefined);
    await settle();
    expect(rounds()).toBe(2);
    searches[1]?.resolve(undefined);
    await settle();
    expect(rounds()).toBe(2);
  });

  test('finds mails without a call, at the interval', async () => {
    const { dispatcher, mails, sent } = testDispatcher();
    dispatcher.start();
    await settle();
    mails.push(claimedMail('a'));
    await pass(pollInterval - 1);
    expect(sent).toEqual([]);
    await pass(1);
    expect(sent).toEqual(['a']);
  });
});

test('a delivery belongs to no request, also if one has triggered it, and its log lines have the trace of the mail', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  const other = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), isSampled: true };
  const seen: unknown[] = [];
  const { dispatcher, lines } = testDispatcher({
    mails: [claimedMail('a', { traceparent }), claimedMail('b')],
    send: async () => void seen.push({ scope: requestScope.getStore(), trace: traceIds()?.trace_id }),
  });
  requestScope.run(createRequestScope('request-1'), () => currentTrace.run(other, () => dispatcher.start()));
  await settle();
  expect(seen).toEqual([
    { scope: undefined, trace: traceId },
    { scope: undefined, trace: undefined },
  ]);
  expect(lines).toMatchObject([{ mailId: 'a', trace_id: traceId }, { mailId: 'b' }]);
  expect(lines[1]).not.toHaveProperty('trace_id');
  for (const line of lines) expect(line).not.toHaveProperty('requestId');
});

test('the time after a delivery is not taken for a part of it', async () => {
  const { dispatcher } = testDispatcher({ mails: [claimedMail('a')] });
  dispatcher.start();
  await settle();
  await dispatcher.stop();
  workRecord.takeLongest();
  await pass(1_000);
  expect(workRecord.takeLongest()).toEqual({ work: 'unknown', milliseconds: 1_000 });
});

describe('the end', () => {
  /** Sends until `finish` is called, or until the attempt is aborted. */
  function slowly() {
    const attempts: { signal: AbortSignal | undefined; finish: () => void }[] = [];
    const send: Transport['send'] = (_, signal) =>
      new Promise((resolve, reject) => {
        attempts.push({ signal, finish: resolve });
        signal?.addEventListener('abort', () => reject(new DeliveryError('transport_down', 'EABORT')));
      });
    return { attempts, send };
  }

  test('waits for the outcome of the running attempt and claims no further mail', async () => {
    const { attempts, send } = slowly();
    const { dispatcher, sent, outcomes } = testDispatcher({
      mails: [claimedMail('a'), claimedMail('b')],
      send,
    });
    dispatcher.start();
    await settle();
    let hasStopped = false;
    const stopped = dispatcher.stop().then(() => {
      hasStopped = true;
    });
    await pass(1_000);
    expect(hasStopped).toBe(false);
    attempts[0]?.finish();
    await stopped;
    expect(sent).toEqual(['a']);
    expect(outcomes).toMatchObject([{ id: 'a', status: 'sent' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('aborts the running attempt when its grace is over: it is not counted, and due at once', async () => {
    const { attempts, send } = slowly();
    const { dispatcher, outcomes, events, lines } = testDispatcher({ mails: [claimedMail('a')], send });
    dispatcher.start();
    await settle();
    const stopped = dispatcher.stop();
    await pass(mailTiming.stopGrace - 1);
    expect(attempts[0]?.signal?.aborted).toBe(false);
    await pass(1);
    await stopped;
    expect(outcomes).toEqual([
      {
        id: 'a',
        token: 'token of a',
        status: 'queued',
        delay: 0,
        lastError: 'interrupted',
        countAttempt: false,
      },
    ]);
    expect(events).toEqual([]);
    expect(lines).toMatchObject([{ level: 'info', msg: 'mail attempt interrupted by shutdown' }]);
  });

  test('aborts no attempt of a later start', async () => {
    const { attempts, send } = slowly();
    const { dispatcher, outcomes } = testDispatcher({
      mails: ['a', 'b', 'c'].map((id) => claimedMail(id)),
      send,
    });
    dispatcher.start();
    await settle();
    const aborted = dispatcher.stop();
    await pass(mailTiming.stopGrace);
    await aborted;

    dispatcher.start();
    await settle();
    expect(attempts[1]?.signal?.aborted).toBe(false);
    const finished = dispatcher.stop();
    attempts[1]?.finish();
    await finished;

    dispatcher.start();
    await pass(mailTiming.stopGrace);
    expect(attempts[2]?.signal?.aborted).toBe(false);
    attempts[2]?.finish();
    await settle();
    expect(outcomes).toMatchObject([
      { id: 'a', lastError: 'interrupted' },
      { id: 'b', status: 'sent' },
      { id: 'c', status: 'sent' },
    ]);
  });

  test('comes at once without a running attempt, and twice', async () => {
    const { dispatcher } = testDispatcher();
    dispatcher.start();
    dispatcher.start();
    expect(vi.getTimerCount()).toBe(1);
    await settle();
    await dispatcher.stop();
    await dispatcher.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('an outcome that cannot be stored', () => {
  const unavailable = (code: string) =>
    new AppError('mail_unavailable', { cause: Object.assign(new Error('text of the driver'), { code }) });

  /** Stores an outcome after these failures. */
  function storing(...errors: Error[]) {
    const stored: string[] = [];
    const complete: Claims['complete'] = async (id) => {
      const error = errors.shift();
      if (error) throw error;
      stored.push(id);
      return true;
    };
    return { stored, complete };
  }

  test('is stored before the next mail is claimed, and its mail is not sent again', async () => {
    const { stored, complete } = storing(unavailable('SQLITE_BUSY'), unavailable('SQLITE_FULL'));
    const { dispatcher, sent, lines } = testDispatcher({
      mails: [claimedMail('a'), claimedMail('b')],
      claims: { complete },
    });
    dispatcher.start();
    await pass(pollInterval);
    expect([sent, stored]).toEqual([['a'], []]);
    await pass(pollInterval);
    expect([sent, stored]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    // The storage has logged it.
    expect(lines).toMatchObject([{ msg: 'mail sent' }, { msg: 'mail sent' }]);
  });

  test('although the storage works does not hold up the other mails', async () => {
    const { stored, complete } = storing(unavailable('23514'));
    const { dispatcher, sent } = testDispatcher({
      mails: [claimedMail('a'), claimedMail('b')],
      claims: { complete },
    });
    dispatcher.start();
    await pass(pollInterval);
    expect([sent, stored]).toEqual([['a', 'b'], ['b']]);
  });

  test('has a last chance at the end', async () => {
    const { stored, complete } = storing(unavailable('SQLITE_BUSY'));
    const { dispatcher, rounds } = testDispatcher({ mails: [claimedMail('a')], claims: { complete } });
    dispatcher.start();
    await settle();
    expect(stored).toEqual([]);
    await dispatcher.stop();
    expect(stored).toEqual(['a']);
    await dispatcher.stop();
    expect(rounds()).toBe(2);
  });
});

describe('an outbox that fails', () => {
  test('is asked again at the next interval; the dispatcher logs only errors that the storage does not log', async () => {
    const errors: Error[] = [new AppError('mail_unavailable'), new TypeError('x is not a function')];
    const claim = async () => {
      const error = errors.shift();
      if (error) throw error;
      return mails.shift();
    };
    const mails = [claimedMail('a')];
    const { dispatcher, sent, lines } = testDispatcher({ claims: { claim } });
    dispatcher.start();
    await settle();
    expect(lines).toEqual([]);
    await pass(pollInterval);
    expect(lines).toMatchObject([
      { level: 'error', msg: 'mail delivery failed', err: { type: 'TypeError' } },
    ]);
    await pass(pollInterval);
    expect(sent).toEqual(['a']);
  });
});
