import type { Env } from '../env.ts';
import { AppError, isAppError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { type MailDatabase, openDatabase } from './database.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Draft } from './draft.ts';
import type { InboxRow } from './inbox.ts';
import { senderOf, subjectOf } from './message.ts';
import { type MailMode, mailModeOf } from './mode.ts';
import { createOutbox, type MailState, type Outbox, type Receipt } from './outbox.ts';
import { type MailTiming, mailTiming } from './timing.ts';
import { inboxTransport, smtpTransport, type Transport } from './transports.ts';

export type MailEnv = Pick<
  Env,
  'NODE_ENV' | 'DEMO' | 'DATA_DIR' | 'SITE_URL' | 'SMTP_URL' | 'MAIL_TO' | 'MAIL_FROM'
>;

/** One message of the inbox. `from` is the visitor, as a line to show. */
export type InboxEntry = { id: string; receivedAt: Date; subject: string; from: string };

export type MailInbox = {
  /** Newest first. */
  list(): Promise<InboxEntry[]>;
  /** With the whole message, as an SMTP server would have got it. */
  get(id: string): Promise<(InboxEntry & { raw: string }) | undefined>;
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
  /** @throws AppError not_found */
  status(id: string): Promise<MailState>;
  /** Null outside inbox mode. */
  inbox: MailInbox | null;
  /** Whether mails can be stored. Does not throw. */
  check(): Promise<'ok' | 'down'>;
  /** Begins to deliver, what earlier processes left and held included. Does not throw. */
  start(): void;
  /** Ends the running attempt and closes the storage. The next use opens it again. */
  stop(): Promise<void>;
};

export type MailOptions = { env: MailEnv; log: Logger; timing?: MailTiming };

export function createMail({ env, log, timing = mailTiming }: MailOptions): Mail {
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
    const db = await openDatabase(env.DATA_DIR);
    const outbox = createOutbox(db, { siteUrl: env.SITE_URL, hold: !transport, timing });
    try {
      const released = transport ? await outbox.releaseHeld() : 0;
      if (released > 0) log.info({ released }, 'held mails released');
    } catch (error) {
      await db.destroy();
      throw error;
    }
    return { db, outbox };
  }

  async function outbox(): Promise<Outbox> {
    opening ??= open();
    const current = opening;
    try {
      return (await current).outbox;
    } catch (cause) {
      if (opening === current) opening = undefined;
      throw isAppError(cause) ? cause : new AppError('mail_unavailable', { cause });
    }
  }

  const dispatcher = transport && createDispatcher({ outbox, transport, log, timing });

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
      return row && { ...toEntry(row), raw: row.raw };
    },
  };

  return {
    mode: mailModeOf(env),
    async send(draft) {
      const receipt = await (await outbox()).enqueue(draft);
      dispatcher?.wake();
      return receipt;
    },
    async status(id) {
      const state = await (await outbox()).status(id);
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
      dispatcher?.start();
    },
    async stop() {
      await dispatcher?.stop();
      const current = opening;
      opening = undefined;
      const opened = await current?.catch(() => undefined);
      await opened?.db.destroy();
    },
  };
}
