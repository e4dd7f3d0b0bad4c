import type { Logger } from '../observability/log.ts';
import { outsideRequests } from '../observability/request-scope.ts';
import { backoff } from './backoff.ts';
import type { ClaimedMail } from './claims.ts';
import { DeliveryError } from './delivery-error.ts';
import type { MailEvent } from './events.ts';
import type { Outbox } from './outbox.ts';
import { type MailTiming, mailTiming } from './timing.ts';
import { inTraceOf } from './trace.ts';
import type { Transport } from './transports.ts';

export type Dispatcher = {
  /** Begins to claim and to send. */
  start(): void;
  /** A mail may be due: look now. Nothing happens before start() and after stop(). */
  wake(): void;
  /** Claims no more; resolves when the running attempt has its outcome, which is an abort after the grace. */
  stop(): Promise<void>;
};

export type DispatcherOptions = {
  /** Asked anew on every round, so that a storage that could not be opened may come back. */
  outbox: () => Promise<Outbox>;
  transport: Transport;
  log: Logger;
  timing?: MailTiming;
  record?: (event: MailEvent) => void;
};

/** The loop that sends what the outbox holds, one mail at a time. It never throws. */
export function createDispatcher(opts: DispatcherOptions): Dispatcher {
  const { transport, log, timing = mailTiming, record = () => {} } = opts;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> | undefined;
  let wokenMeanwhile = false;
  let abort = new AbortController();
  let transportFailures = 0;
  /** On the clock of performance.now(), which nobody sets back. */
  let pausedUntil = 0;
  let storageFailed = false;

  function wake(): void {
    if (!timer) return;
    if (round) {
      wokenMeanwhile = true;
      return;
    }
    round = outsideRequests(drain).finally(() => {
      round = undefined;
      if (!wokenMeanwhile) return;
      wokenMeanwhile = false;
      wake();
    });
  }

  async function drain(): Promise<void> {
    try {
      const outbox = await opts.outbox();
      while (timer && performance.now() >= pausedUntil) {
        const mail = await outbox.claim();
        if (storageFailed) log.info('mail storage is back');
        storageFailed = false;
        if (!mail) return;
        await inTraceOf(mail, () => attempt(outbox, mail));
      }
    } catch (error) {
      if (!storageFailed) log.error({ err: error }, 'mail storage failed');
      storageFailed = true;
    }
  }

  async function attempt(outbox: Outbox, mail: ClaimedMail): Promise<void> {
    const { id, token } = mail;
    const line = { mailId: id, attempt: mail.attempt };
    // It may be what ended those processes: its neighbours must not wait for it for ever.
    if (mail.crashedClaims >= timing.crashedClaims) {
      await outbox.markDead(id, token, `${mail.crashedClaims} claims without an outcome`);
      record('dead');
      log.error(line, 'mail given up: nobody who took it came to an end with it');
      return;
    }
    const failure = await tryToSend(mail);
    if (failure) {
      await fail(outbox, mail, failure);
      return;
    }
    transportFailures = 0;
    record('sent');
    if (await outbox.complete(id, token)) log.info(line, 'mail sent');
    else log.warn(line, 'mail sent after its lease had ended; it may be sent again');
  }

  async function tryToSend(mail: ClaimedMail): Promise<DeliveryError | undefined> {
    try {
      await transport.send(mail, abort.signal);
      return undefined;
    } catch (error) {
      if (error instanceof DeliveryError) return error;
      return new DeliveryError('transient', error instanceof Error ? error.name : 'unknown');
    }
  }

  async function fail(outbox: Outbox, mail: ClaimedMail, failure: DeliveryError): Promise<void> {
    const { id, token, attempt } = mail;
    const { kind, summary } = failure;
    const line = { mailId: id, attempt, kind, summary };

    if (abort.signal.aborted) {
      await outbox.retryLater(id, token, { delay: 0, lastError: 'interrupted', countAttempt: false });
      log.info(line, 'mail attempt interrupted by the stop');
      return;
    }
    if (kind === 'transport_down') {
      record('transport_down');
      transportFailures += 1;
      const delay = backoff(transportFailures, timing);
      pausedUntil = performance.now() + delay;
      await outbox.retryLater(id, token, { delay, lastError: failure.message, countAttempt: false });
      log.warn({ ...line, retryInMs: delay }, 'mail transport is down');
      return;
    }
    transportFailures = 0;
    // A mail that waited for its transport is old before its first attempt: it gets its share of them all the same.
    const triedEnough = mail.age >= timing.giveUpAfter && attempt >= timing.attemptsAtLeast;
    if (kind === 'permanent' || triedEnough) {
      await outbox.markDead(id, token, failure.message);
      record('dead');
      log.error(line, 'mail given up');
      return;
    }
    const delay = backoff(attempt, timing);
    await outbox.retryLater(id, token, {
      delay,
      lastError: failure.message,
      countAttempt: true,
    });
    record('retried');
    log.warn({ ...line, retryInMs: delay }, 'mail will be tried again');
  }

  return {
    start() {
      if (timer) return;
      abort = new AbortController();
      timer = setInterval(wake, timing.pollInterval);
      timer.unref();
      wake();
    },
    wake,
    async stop() {
      clearInterval(timer);
      timer = undefined;
      if (!round) return;
      const grace = setTimeout(() => abort.abort(), timing.stopGrace);
      await round;
      clearTimeout(grace);
    },
  };
}
