import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Logger } from '../observability/log.ts';
import type { Coordinator } from '../process/coordinator.ts';
import type { MailDatabase } from './database.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Draft } from './draft.ts';
import type { MailEvent } from './events.ts';
import type { InboxRow } from './inbox.ts';
import { htmlOf, senderOf, subjectOf } from './message.ts';
import { type MailMode, mailModeOf } from './mode.ts';
import type { Operations } from './operations.ts';
import { createOutbox, type MailState, type Outbox, type Receipt } from './outbox.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import { type MailTiming, mailTiming } from './timing.ts';
import { inAcceptSpan } from './trace.ts';
import { inboxTransport, smtpTransport, type Transport } from './transports.ts';

export type MailEnv = Pick<
  Env,
  'NODE_ENV' | 'DEMO' | 'DATA_DIR' | 'DATABASE_URL' | 'SITE_URL' | 'SMTP_URL' | 'MAIL_TO' | 'MAIL_FROM'
>;

/** One message of the inbox. `from` is the visitor, as a line to show. */
export type InboxEntry = { id: string; receivedAt: Date; subject: string; from: string };

export type MailInbox = {
  /** Newest first. */
  list(): Promise<InboxEntry[]>;
  /** With the whole message, as an SMTP server would have got it, and its HTML part. */
  get(id: string): Promise<(InboxEntry & { raw: string; html: string }) | undefined>;
};

/** Every call throws `AppError('mail_unavailable')` while the storage cannot be used. */
export type Mail = {
  mode: MailMode;
  /**
   * Accepts a mail; resolves once it is durable, before it is sent.
   *
   * @throws AppError idempotency_conflict when the key was used with other contents
   */
  send(draft: Draft): Promise<Receipt>;
  /** What a program gets that fills in forms: a receipt of a mail that does not exist. */
  fakeReceipt(): Promise<Receipt>;
  /** For the operator. A mail that is queued again is tried at once. */
  operations: Omit<Operations, 'deleteSent'>;
  /** @throws AppError not_found */
  status(id: string): Promise<MailState>;
  /** Null outside inbox mode. */
  inbox: MailInbox | null;
  /** Whether mails can be stored. Does not throw. */
  check(): Promise<'ok' | 'down'>;
  /** Begins to deliver, what earlier processes left and held included. Does not throw. */
  start(): void;
  /** A mail may be due. Of no effect where nothing is delivered. */
  wake(): void;
  /** Ends the running attempt and delivers no more; mails are still accepted. */
  pause(): Promise<void>;
  /** Ends the running attempt and closes the storage. The next use opens it again. */
  stop(): Promise<void>;
};

/** The storage that the settings name. */
export function openMailDatabase(
  env: Pick<Env, 'DATABASE_URL' | 'DATA_DIR'>,
  log: Logger,
): Promise<MailDatabase> {
  return env.DATABASE_URL ? openPostgres(env.DATABASE_URL, log) : openSqlite(env.DATA_DIR);
}

export type MailOptions = {
  env: MailEnv;
  log: Logger;
  timing?: MailTiming;
  record?: (event: MailEvent) => void;
  /** Where this process is one of several workers, of which one delivers. */
  machine?: Pick<Coordinator, 'putIfAbsent' | 'get' | 'wakeDelivery'> | undefined;
};

export function createMail(options: MailOptions): Mail {
  const { env, log, timing = mailTiming, record = () => {}, machine } = options;
  const transport = chooseTransport();
  let opening: Promise<{ db: MailDatabase; outbox: Outbox }> | undefined;

  function chooseTransport(): Transport | undefined {
    const addresses = { from: env.MAIL_FROM, to: env.MAIL_TO, siteUrl: env.SITE_URL };
    if (env.SMTP_URL) return smtpTransport({ url: env.SMTP_URL, addresses, timing });
    if (mailModeOf(env) === 'held') return undefined;
    const deliver = async (id: string, raw: string) => (await outbox()).inbox.deliver(id, raw);
    return inboxTransport({ addresses, deliver });
  }

  async function open(): Promise<{ db: MailDatabase; outbox: Outbox }> {
    const db = await openMailDatabase(env, log);
    const outbox = createOutbox(db, { siteUrl: env.SITE_URL, hold: !transport, timing });
    try {
      const released = transport ? await outbox.releaseHeld() : 0;
      if (released > 0) log.info({ released }, 'held mails released');
    } catch (error) {
      await db.close();
      throw error;
    }
    return { db, outbox };
  }

  async function outbox(): Promise<Outbox> {
    opening ??= beginToOpen();
    try {
      return (await soon(opening)).outbox;
    } catch (cause) {
      throw isAppError(cause) ? cause : new AppError('mail_unavailable', { cause });
    }
  }

  function beginToOpen(): ReturnType<typeof open> {
    const begun = open();
    begun.catch(() => {
      if (opening === begun) opening = undefined;
    });
    return begun;
  }

  const dispatcher = transport && createDispatcher({ outbox, transport, log, timing, record });
  const pretended = new LRUCache<string, MailState>({ max: limits.mail.fakeReceipts });
  let delivers = false;
  let sweep: NodeJS.Timeout | undefined;

  async function deleteOld(): Promise<void> {
    try {
      const { deleteSent } = await outbox();
      for (;;) {
        const deleted = await deleteSent(timing.sentKeptFor);
        if (deleted === 0) return;
        log.info({ deleted }, 'mails that were sent long ago deleted');
      }
    } catch (err) {
      log.warn({ err }, 'mails that were sent long ago could not be deleted');
    }
  }

  /** Whoever delivers is to look now. */
  function wakeDelivery(): void {
    if (delivers || !machine) dispatcher?.wake();
    else machine.wakeDelivery();
  }

  /** The state that a mail would have that does not exist. */
  const pretendedState = (id: string, acceptedAt: Date): MailState => ({
    id,
    status: transport ? 'queued' : 'held',
    attempts: 0,
    acceptedAt,
    sentAt: null,
  });

  async function pretendedElsewhere(id: string): Promise<MailState | undefined> {
    const acceptedAt = await machine?.get('pretended', id);
    return acceptedAt === undefined ? undefined : pretendedState(id, new Date(acceptedAt));
  }

  async function rest(): Promise<void> {
    delivers = false;
    clearInterval(sweep);
    sweep = undefined;
    await dispatcher?.stop();
  }

  const operations: Mail['operations'] = {
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

  const toEntry = (row: InboxRow): InboxEntry => ({
    id: row.id,
    receivedAt: row.receivedAt,
    subject: subjectOf(row, env.SITE_URL),
    from: senderOf(row),
  });
  const inbox: MailInbox = {
    list: async () => (await (await outbox()).inbox.list()).map(toEntry),
    async get(id) {
      const row = await (await outbox()).inbox.get(id);
      return row && { ...toEntry(row), raw: row.raw, html: htmlOf(row.contents) };
    },
  };

  return {
    mode: mailModeOf(env),
    async send(draft) {
      const receipt = await inAcceptSpan(async () => (await outbox()).enqueue(draft));
      record(receipt.duplicate ? 'duplicate' : transport ? 'accepted' : 'held');
      wakeDelivery();
      return receipt;
    },
    async fakeReceipt() {
      record('dropped');
      const id = randomUUID();
      const state = pretendedState(id, new Date());
      const { status, acceptedAt } = state;
      pretended.set(id, state);
      await machine?.putIfAbsent('pretended', id, acceptedAt.toISOString());
      const host = new URL(env.SITE_URL).hostname;
      return { id, messageId: `<${id}@${host}>`, status, duplicate: false };
    },
    operations,
    async status(id) {
      const known = pretended.get(id) ?? (await (await outbox()).status(id));
      const state = known ?? (await pretendedElsewhere(id));
      if (!state) throw new AppError('not_found', { message: 'There is no mail with this id.' });
      return state;
    },
    check: async () => {
      try {
        await (await outbox()).status('check');
        return 'ok';
      } catch {
        return 'down';
      }
    },
    inbox: transport?.kind === 'inbox' ? inbox : null,
    start() {
      if (!dispatcher) log.warn('SMTP_URL is not set: mails are accepted and held until it is');
      delivers = true;
      dispatcher?.start();
      sweep ??= setInterval(() => void deleteOld(), timing.sweepInterval).unref();
      void deleteOld();
    },
    wake: () => dispatcher?.wake(),
    pause: rest,
    async stop() {
      await rest();
      const current = opening;
      opening = undefined;
      const opened = current && (await soon(current).catch(() => undefined));
      await opened?.db.close();
    },
  };
}

/**
 * What takes longer goes on, but is not waited for: tables of an earlier release may be many mails long.
 *
 * @throws Error when it takes longer
 */
async function soon<T>(opening: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const { openTimeout: openPatience } = limits.database;
  const timer = setTimeout(
    () => late.reject(new Error('the mail storage is still being opened')),
    openPatience,
  );
  try {
    return await Promise.race([opening, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
