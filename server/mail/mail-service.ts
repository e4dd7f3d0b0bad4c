import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import type { Hints } from '../live/hints.ts';
import { createWatch, type WatchOptions } from '../live/watch.ts';
import type { Logger } from '../observability/log.ts';
import type { Coordinator } from '../process/coordinator.ts';
import type { LazyDatabase } from '../storage/lazy-database.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Draft } from './draft.ts';
import type { MailEvent } from './events.ts';
import { createInboxView, type MailInbox } from './inbox-view.ts';
import { type MailMode, mailModeOf } from './mode.ts';
import type { NoticeQueue } from './notices.ts';
import { outboxOpener } from './open-outbox.ts';
import type { Operations } from './operations.ts';
import type { Delivery, Outbox, Receipt } from './outbox.ts';
import { createSentMailCleanup } from './sent-mail-cleanup.ts';
import { type MailTiming, mailTiming } from './timing.ts';
import { withAcceptSpan } from './trace.ts';
import { inboxTransport, smtpTransport, type Transport } from './transports.ts';

export type MailEnv = Pick<Env, 'NODE_ENV' | 'DEMO' | 'SITE_URL' | 'SMTP_URL' | 'MAIL_TO' | 'MAIL_FROM'>;

/** Every call throws `AppError('mail_unavailable')` while the database is unavailable. */
export type Mail = {
  mode: MailMode;
  /**
   * Accepts a mail; resolves once it is durable, before it is sent.
   *
   * @throws AppError idempotency_conflict when the key was used for a different draft
   */
  send(draft: Draft): Promise<Receipt>;
  /** For the operator. A requeued mail is attempted immediately. */
  operations: Omit<Operations, 'deleteSent'>;
  /** @throws AppError not_found */
  status(id: string): Promise<Delivery>;
  /** Yields the state of a mail, and then each change; undefined if there is no such mail. */
  watch(id: string, options: WatchOptions): AsyncIterable<Delivery | undefined>;
  /** Null outside inbox mode. */
  inbox: MailInbox | null;
  /** Starts delivery, including mails that earlier processes accepted or held. Does not throw. */
  start(): void;
  /** Makes the process that delivers look for due notices, whichever it is. */
  wakeDelivery(): void;
  /** Makes the dispatcher look for due mails. Has no effect unless this process delivers. */
  wake(): void;
  /** Ends the running attempt and stops delivery; mails are still accepted. */
  pause(): Promise<void>;
};

export type MailOptions = {
  env: MailEnv;
  log: Logger;
  database: Pick<LazyDatabase, 'open'>;
  timing?: MailTiming;
  record?: (event: MailEvent) => void;
  /** The notices of another service, which are sent together with the mails. */
  notices?: NoticeQueue | undefined;
  /** Set if this process is one of several workers, of which one delivers. */
  coordinator?: Pick<Coordinator, 'wakeMailLeader'> | undefined;
  hints?: Pick<Hints, 'announce' | 'listen'> | undefined;
};

export function createMail(options: MailOptions): Mail {
  const { env, log, database, notices, timing = mailTiming, record = () => {}, coordinator, hints } = options;
  const mode = mailModeOf(env);
  const outbox = outboxOpener({ database, log, siteUrl: env.SITE_URL, timing, hold: mode === 'held' });
  const transport = chooseTransport(env, timing, outbox, notices);
  const dispatcher =
    transport &&
    createDispatcher({
      outbox,
      notices,
      transport,
      log,
      timing,
      record,
      changed: (id) => hints?.announce('mail', id),
    });
  const states = createWatch<Delivery>({
    read: async (ids) => (await outbox()).statuses(ids),
    versionOf: deliveryVersion,
    interval: limits.live.lookInterval,
    keysInRead: limits.live.keysInRead,
    log,
  });
  hints?.listen('mail', states.look);
  const cleanup = createSentMailCleanup({ outbox, log, timing });
  let delivers = false;

  /** Wakes the dispatcher of the worker that delivers. */
  function wakeDelivery(): void {
    if (delivers || !coordinator) dispatcher?.wake();
    else coordinator.wakeMailLeader();
  }

  return {
    mode,
    async send(draft) {
      const receipt = await withAcceptSpan(async () => (await outbox()).enqueue(draft));
      const { suspicion } = draft;
      record(receipt.duplicate ? 'duplicate' : suspicion ? 'suspected' : transport ? 'accepted' : 'held');
      if (suspicion && !receipt.duplicate) {
        log.warn(
          { mailId: receipt.id, suspicion },
          'suspected mail kept: release or discard it (npm run mail)',
        );
      }
      wakeDelivery();
      return receipt;
    },
    operations: createOperatorView(outbox, wakeDelivery),
    async status(id) {
      const state = await (await outbox()).status(id);
      if (state) return state;
      throw new AppError('not_found', { message: 'There is no mail with this id.' });
    },
    watch: (id, watchOptions) => states.states(id, watchOptions),
    inbox: transport?.kind === 'inbox' ? createInboxView(outbox, addressesOf(env), notices) : null,
    start() {
      if (!dispatcher) log.warn('SMTP_URL is not set: mails are accepted and held until it is');
      delivers = true;
      dispatcher?.start();
      cleanup.start();
    },
    wakeDelivery,
    wake: () => dispatcher?.wake(),
    async pause() {
      delivers = false;
      cleanup.stop();
      await dispatcher?.stop();
    },
  };
}

/** Returns a text that differs after each change. */
export function deliveryVersion({ status, attempts }: Delivery): string {
  return `${status}.${attempts}`;
}

type OpenOutbox = () => Promise<Outbox>;

const addressesOf = (env: MailEnv) => ({ from: env.MAIL_FROM, to: env.MAIL_TO, siteUrl: env.SITE_URL });

/** Returns undefined in held mode. */
function chooseTransport(
  env: MailEnv,
  timing: MailTiming,
  outbox: OpenOutbox,
  notices: NoticeQueue | undefined,
): Transport | undefined {
  const addresses = addressesOf(env);
  if (env.SMTP_URL) return smtpTransport({ url: env.SMTP_URL, addresses, timing });
  if (mailModeOf(env) === 'held') return undefined;
  const deliver = async (id: string, raw: string) => (await outbox()).inbox.deliver(id, raw);
  return inboxTransport({ addresses, deliver, storeNotice: notices?.store });
}

function createOperatorView(outbox: OpenOutbox, wakeDelivery: () => void): Mail['operations'] {
  return {
    list: async (options) => (await outbox()).list(options),
    get: async (id) => (await outbox()).get(id),
    async requeue(id) {
      const requeued = await (await outbox()).requeue(id);
      wakeDelivery();
      return requeued;
    },
    discard: async (id) => (await outbox()).discard(id),
    counts: async () => (await outbox()).counts(),
  };
}
