import { isAppError } from '../errors.ts';
import type { Logger } from '../observability/log.ts';
import { outsideRequests } from '../observability/request-scope.ts';
import { workRecord } from '../observability/work.ts';
import { storageFaultOf } from '../storage/storage-fault.ts';
import { backoff } from './backoff.ts';
import type { ClaimedDelivery, ClaimedMail, Claims, Outcomes } from './claims.ts';
import { DeliveryError } from './delivery-error.ts';
import type { MailEvent } from './events.ts';
import type { ClaimedNotice, NoticeQueue } from './notices.ts';
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
  outbox: () => Promise<Claims>;
  /** Notices, which are sent before the mails of the outbox. */
  notices?: NoticeQueue | undefined;
  transport: Transport;
  log: Logger;
  timing?: MailTiming;
  record?: (event: MailEvent) => void;
  /** Called when the state of a mail has changed. */
  changed?: (id: string) => void;
};

/** Stores the outcome of an attempt in the queue of its mail. */
type StoreOutcome = (queue: Outcomes) => Promise<void>;

/** A loop that sends due notices and mails of the outbox, one at a time. It never throws. */
export function createDispatcher(opts: DispatcherOptions): Dispatcher {
  const { transport, notices, log, timing = mailTiming, record = () => {}, changed = () => {} } = opts;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> | undefined;
  let wokenDuringRound = false;
  let abort = new AbortController();
  let transportFailures = 0;
  /** A time of performance.now(), which is monotonic. */
  let pausedUntil = 0;
  /**
   * Stores the outcome of the latest attempt; undefined once it is stored. It is repeated before the next claim: without
   * its outcome, the mail would be sent again when its lease ends.
   */
  let unstored: StoreOutcome | undefined;

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
    const endWork = workRecord.start('mail delivery');
    try {
      const outbox = await opts.outbox();
      await storeOutcome(outbox);
      while (timer && performance.now() >= pausedUntil) {
        const notice = await notices?.claim();
        const mail = notice ?? (await outbox.claim());
        if (!mail) return;
        if (!notice) changed(mail.id);
        await withMailTrace(mail, async () => {
          const store = await attempt(mail);
          unstored = notice && notices ? () => store(notices) : store;
          await storeOutcome(outbox);
          if (!notice) changed(mail.id);
        });
      }
    } catch (error) {
      // The storage logs its failures itself.
      if (!isAppError(error)) log.error({ err: error }, 'mail delivery failed');
    } finally {
      endWork();
    }
  }

  async function storeOutcome(outbox: Outcomes): Promise<void> {
    try {
      await unstored?.(outbox);
    } catch (error) {
      // The storage has not failed. Without this outcome, its mail is claimed again, and the others are delivered.
      if (storageFaultOf(error) === 'failed') unstored = undefined;
      throw error;
    }
    unstored = undefined;
  }

  /** @returns a function that stores and logs the outcome */
  async function attempt(mail: ClaimedMail | ClaimedNotice): Promise<StoreOutcome> {
    const { id, token } = mail;
    const fields = { mailId: id, attempt: mail.attempt };
    if ('to' in mail && mail.isExpired) {
      record('expired');
      return async (queue) => {
        await queue.markDead(id, token, 'expired');
        log.warn(fields, 'mail not sent: it was due too late to be of use');
      };
    }
    // A poison mail: it may have crashed those processes, and must not block the mails behind it.
    if (mail.crashedClaims >= timing.crashedClaims) {
      record('dead');
      return async (queue) => {
        await queue.markDead(id, token, `${mail.crashedClaims} claims without an outcome`);
        log.error(fields, 'mail marked dead: every claim of it ended without an outcome');
      };
    }
    const failure = await send(mail);
    if (failure) return outcomeOf(mail, failure);
    transportFailures = 0;
    record('sent');
    return async (queue) => {
      if (await queue.complete(id, token)) log.info(fields, 'mail sent');
      else log.warn(fields, 'mail sent after its lease expired; it may be sent again');
    };
  }

  async function send(mail: ClaimedMail | ClaimedNotice): Promise<DeliveryError | undefined> {
    try {
      await transport.send(mail, abort.signal);
      return undefined;
    } catch (error) {
      if (error instanceof DeliveryError) return error;
      return new DeliveryError('transient', error instanceof Error ? error.name : 'unknown');
    }
  }

  function outcomeOf(mail: ClaimedDelivery, failure: DeliveryError): StoreOutcome {
    const { id, token, attempt } = mail;
    const { kind, summary } = failure;
    const fields = { mailId: id, attempt, kind, summary };

    if (abort.signal.aborted) {
      return async (queue) => {
        await queue.retryLater(id, token, { delay: 0, lastError: 'interrupted', countAttempt: false });
        log.info(fields, 'mail attempt interrupted by shutdown');
      };
    }
    if (kind === 'transport_down') {
      record('transport_down');
      transportFailures += 1;
      const delay = backoff(transportFailures, timing);
      pausedUntil = performance.now() + delay;
      return async (queue) => {
        await queue.retryLater(id, token, { delay, lastError: failure.message, countAttempt: false });
        log.warn({ ...fields, retryInMs: delay }, 'mail transport is down');
      };
    }
    transportFailures = 0;
    // A mail that waited for its transport may be old before its first attempt: it still gets a minimum of attempts.
    const isExhausted = mail.age >= timing.giveUpAfter && attempt >= timing.minAttempts;
    if (kind === 'permanent' || isExhausted) {
      record('dead');
      return async (queue) => {
        await queue.markDead(id, token, failure.message);
        log.error(fields, 'mail marked dead');
      };
    }
    const delay = backoff(attempt, timing);
    record('retried');
    return async (queue) => {
      await queue.retryLater(id, token, { delay, lastError: failure.message, countAttempt: true });
      log.warn({ ...fields, retryInMs: delay }, 'mail will be retried');
    };
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
      if (round) {
        const grace = setTimeout(() => abort.abort(), timing.stopGrace);
        await round;
        clearTimeout(grace);
      }
      // The last chance: without its outcome, the next process sends the mail again.
      if (unstored) await drain();
    },
  };
}
