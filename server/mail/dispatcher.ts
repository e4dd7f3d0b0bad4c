import type { Logger } from '../observability/log.ts';
import { outsideRequests } from '../observability/request-scope.ts';
import { backoff } from './backoff.ts';
import type { ClaimedMail } from './claims.ts';
import { DeliveryError } from './delivery-error.ts';
import type { MailEvent } from './events.ts';
import type { Outbox } from './outbox.ts';
import { type MailTiming, mailTiming } from './timing.ts';
import { withMailTrace } from './trace.ts';
import type { Transport } from './transports.ts';

export type Dispatcher = {
  /** Starts claiming and sending. */
  start(): void;
  /** Looks for due mails immediately. Has no effect before start() and after stop(). */
  wake(): void;
  /** Stops claiming; resolves when the running attempt has an outcome. Aborts it after `timing.stopGrace`. */
  stop(): Promise<void>;
};

export type DispatcherOptions = {
  /** Called in every round, so that a storage that failed to open is opened again. */
  outbox: () => Promise<Outbox>;
  transport: Transport;
  log: Logger;
  timing?: MailTiming;
  record?: (event: MailEvent) => void;
};

/** A loop that sends due mails of the outbox, one at a time. It never throws. */
export function createDispatcher(opts: DispatcherOptions): Dispatcher {
  const { transport, log, timing = mailTiming, record = () => {} } = opts;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> | undefined;
  let wokenDuringRound = false;
  let abort = new AbortController();
  let transportFailures = 0;
  /** A time of performance.now(), which is monotonic. */
  let pausedUntil = 0;
  let storageFailed = false;

  function wake(): void {
    if (!timer) return;
    if (round) {
      wokenDuringRound = true;
      return;
    }
    round = outsideRequests(drain).finally(() => {
      round = undefined;
      if (!wokenDuringRound) return;
      wokenDuringRound = false;
      wake();
    });
  }

  async function drain(): Promise<void> {
    try {
      const outbox = await opts.outbox();
      while (timer && performance.now() >= pausedUntil) {
        const mail = await outbox.claim();
        if (storageFailed) log.info('mail storage recovered');
        storageFailed = false;
        if (!mail) return;
        await withMailTrace(mail, () => attempt(outbox, mail));
      }
    } catch (error) {
      if (!storageFailed) log.error({ err: error }, 'mail storage failed');
      storageFailed = true;
    }
  }

  async function attempt(outbox: Outbox, mail: ClaimedMail): Promise<void> {
    const { id, token } = mail;
    const fields = { mailId: id, attempt: mail.attempt };
    // A poison mail: it may have crashed those processes, and must not block the mails behind it.
    if (mail.crashedClaims >= timing.crashedClaims) {
      await outbox.markDead(id, token, `${mail.crashedClaims} claims without an outcome`);
      record('dead');
      log.error(fields, 'mail marked dead: every claim of it ended without an outcome');
      return;
    }
    const failure = await send(mail);
    if (failure) {
      await handleFailure(outbox, mail, failure);
      return;
    }
    transportFailures = 0;
    record('sent');
    if (await outbox.complete(id, token)) log.info(fields, 'mail sent');
    else log.warn(fields, 'mail sent after its lease expired; it may be sent again');
  }

  async function send(mail: ClaimedMail): Promise<DeliveryError | undefined> {
    try {
      await transport.send(mail, abort.signal);
      return undefined;
    } catch (error) {
      if (error instanceof DeliveryError) return error;
      return new DeliveryError('transient', error instanceof Error ? error.name : 'unknown');
    }
  }

  async function handleFailure(outbox: Outbox, mail: ClaimedMail, failure: DeliveryError): Promise<void> {
    const { id, token, attempt } = mail;
    const { kind, summary } = failure;
    const fields = { mailId: id, attempt, kind, summary };

    if (abort.signal.aborted) {
      await outbox.retryLater(id, token, { delay: 0, lastError: 'interrupted', countAttempt: false });
      log.info(fields, 'mail attempt interrupted by shutdown');
      return;
    }
    if (kind === 'transport_down') {
      record('transport_down');
      transportFailures += 1;
      const delay = backoff(transportFailures, timing);
      pausedUntil = performance.now() + delay;
      await outbox.retryLater(id, token, { delay, lastError: failure.message, countAttempt: false });
      log.warn({ ...fields, retryInMs: delay }, 'mail transport is down');
      return;
    }
    transportFailures = 0;
    // A mail that waited for its transport may be old before its first attempt: it still gets a minimum of attempts.
    const isExhausted = mail.age >= timing.giveUpAfter && attempt >= timing.minAttempts;
    if (kind === 'permanent' || isExhausted) {
      await outbox.markDead(id, token, failure.message);
      record('dead');
      log.error(fields, 'mail marked dead');
      return;
    }
    const delay = backoff(attempt, timing);
    await outbox.retryLater(id, token, {
      delay,
      lastError: failure.message,
      countAttempt: true,
    });
    record('retried');
    log.warn({ ...fields, retryInMs: delay }, 'mail will be retried');
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
