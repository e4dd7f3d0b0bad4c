import type { Logger } from '../observability/log.ts';
import { backoff } from '../queue/backoff.ts';
import { createQueueWorker, type QueueWorker, type StoreOutcome } from '../queue/worker.ts';
import type { ClaimedDelivery, ClaimedMail, Claims, Outcomes } from './claims.ts';
import { DeliveryError } from './delivery-error.ts';
import type { MailEvent } from './events.ts';
import type { ClaimedNotice, NoticeQueue } from './notices.ts';
import { type MailTiming, mailTiming } from './timing.ts';
import { withMailTrace } from './trace.ts';
import type { Transport } from './transports.ts';

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

type Claimed = { mail: ClaimedMail | ClaimedNotice; queue: 'outbox' | 'notices' };

/** Returns a worker that sends due notices and mails of the outbox. */
export function createDispatcher(opts: DispatcherOptions): QueueWorker {
  const { transport, notices, log, timing = mailTiming, record = () => {}, changed = () => {} } = opts;
  let transportFailures = 0;
  /** A time of performance.now(), which is monotonic. */
  let pausedUntil = 0;

  /** @returns a function that stores and logs the outcome */
  async function attempt(
    mail: ClaimedMail | ClaimedNotice,
    signal: AbortSignal,
  ): Promise<StoreOutcome<Outcomes>> {
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
    const failure = await send(mail, signal);
    if (failure) return outcomeOf(mail, failure, signal.aborted);
    transportFailures = 0;
    record('sent');
    return async (queue) => {
      if (await queue.complete(id, token)) log.info(fields, 'mail sent');
      else log.warn(fields, 'mail sent after its lease expired; it may be sent again');
    };
  }

  async function send(
    mail: ClaimedMail | ClaimedNotice,
    signal: AbortSignal,
  ): Promise<DeliveryError | undefined> {
    try {
      await transport.send(mail, signal);
      return undefined;
    } catch (error) {
      if (error instanceof DeliveryError) return error;
      return new DeliveryError('transient', error instanceof Error ? error.name : 'unknown');
    }
  }

  function outcomeOf(
    mail: ClaimedDelivery,
    failure: DeliveryError,
    isInterrupted: boolean,
  ): StoreOutcome<Outcomes> {
    const { id, token, attempt } = mail;
    const { kind, summary } = failure;
    const fields = { mailId: id, attempt, kind, summary };

    if (isInterrupted) {
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

  return createQueueWorker<Claims, Claimed>({
    work: 'mail delivery',
    queue: opts.outbox,
    async claim(outbox) {
      const notice = await notices?.claim();
      if (notice) return { mail: notice, queue: 'notices' };
      const mail = await outbox.claim();
      return mail && { mail, queue: 'outbox' };
    },
    async attempt({ mail, queue }, signal, storeOutcome) {
      if (queue === 'outbox') changed(mail.id);
      await withMailTrace(mail, async () => {
        const store = await attempt(mail, signal);
        await storeOutcome((outbox) => store(queue === 'notices' && notices ? notices : outbox));
        if (queue === 'outbox') changed(mail.id);
      });
    },
    isPaused: () => performance.now() < pausedUntil,
    log,
    timing,
  });
}
