import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { z } from 'zod';
import type { ClaimedNotice, NoticeQueue } from '../mail/notices.ts';
import { withStorageErrors } from '../mail/storage-errors.ts';
import { mailTiming } from '../mail/timing.ts';
import type { Database } from '../storage/database.ts';
import { createSealedColumns } from './email-sign-ins.ts';
import type { Keyring } from './keyring.ts';
import { signInMailOf } from './sign-in-mail.ts';

const messageSchema = z.object({
  to: z.string(),
  subject: z.string(),
  // One that an earlier release stored has neither.
  text: z.string().default(''),
  isRead: z.boolean().default(false),
  html: z.string(),
  link: z.string(),
  raw: z.string(),
});

/**
 * The mails of sign-ins as a queue for the mail dispatcher. A mail is rendered when it is sent, and its token is erased
 * with the outcome: no mail with a token is stored, listed or sent again. A mail that is due after its link has ended is
 * not sent.
 */
export function createSignInNotices(options: {
  open: () => Promise<Database>;
  keyring: Pick<Keyring, 'seal' | 'open'>;
  siteUrl: string;
  /** Milliseconds. */
  lease?: number;
}): NoticeQueue {
  const { open, keyring, siteUrl, lease = mailTiming.lease } = options;
  const columns = createSealedColumns(keyring);
  const later = (db: Database, milliseconds: number) =>
    sql<number>`${db.now()} + ${sql.val(Math.round(milliseconds))}`;

  /** Returns the mail of a row; undefined if its token is erased, or was sealed with a secret that is gone. */
  function mailOf(row: {
    id: string;
    token_sealed: string | null;
    details_sealed: string;
    created_at: number;
    ends_at: number;
  }) {
    const token = row.token_sealed === null ? undefined : columns.open(row.id, 'token', row.token_sealed);
    const details = columns.detailsOf(row);
    if (token === undefined || !details) return undefined;
    const { address, device, linkTo } = details;
    const times = { askedAt: row.created_at, endsAt: row.ends_at };
    const mail = signInMailOf({ siteUrl, token, device, links: linkTo !== undefined, ...times });
    return { to: address, ...mail };
  }

  const storeMessage = (db: Database, id: string, message: z.input<typeof messageSchema>) =>
    db.write((queries) =>
      queries
        .updateTable('email_sign_in')
        .set({ message_sealed: columns.seal(id, 'message', JSON.stringify(messageSchema.parse(message))) })
        .where('id', '=', id)
        // One that was deleted meanwhile stays deleted.
        .$if(message.isRead === true, (rows) => rows.where('message_sealed', 'is not', null))
        .execute(),
    );

  /** @returns false if the lease no longer belongs to this token */
  const recordOutcome = (
    id: string,
    token: string,
    outcome: { delay: number; countAttempt: boolean } | 'finished',
  ) =>
    withStorageErrors(async () => {
      const db = await open();
      return db.write(async (queries) => {
        const result = await queries
          .updateTable('email_sign_in')
          .set({ lease_token: null, lease_until: null, unfinished: 0 })
          .$if(outcome === 'finished', (update) => update.set({ token_sealed: null }))
          .$if(outcome !== 'finished', (update) =>
            update.set((eb) => ({
              next_attempt_at: later(db, outcome === 'finished' ? 0 : outcome.delay),
              attempts: eb('attempts', '-', outcome === 'finished' || outcome.countAttempt ? 0 : 1),
            })),
          )
          .where('id', '=', id)
          .where('lease_token', '=', token)
          .executeTakeFirst();
        return result.numUpdatedRows > 0n;
      });
    });

  const stored: NoticeQueue['stored'] = () =>
    withStorageErrors(async () => {
      const db = await open();
      const rows = await db.queries
        .selectFrom('email_sign_in')
        .select(['id', 'created_at', 'message_sealed'])
        .where('message_sealed', 'is not', null)
        .where('ends_at', '>', db.now())
        .orderBy('created_at', 'desc')
        .execute();
      return rows.flatMap(({ id, created_at: receivedAt, message_sealed: sealed }) => {
        const message = sealed === null ? undefined : columns.open(id, 'message', sealed);
        if (message === undefined) return [];
        return [{ id, receivedAt: new Date(receivedAt), ...messageSchema.parse(JSON.parse(message)) }];
      });
    });

  return {
    claim: () =>
      withStorageErrors(async () => {
        const db = await open();
        const leaseToken = randomUUID();
        const row = await db.write((queries) =>
          queries
            .updateTable('email_sign_in')
            .set((eb) => ({
              attempts: eb('attempts', '+', 1),
              unfinished: eb('unfinished', '+', 1),
              lease_token: leaseToken,
              lease_until: later(db, lease),
            }))
            .where('id', '=', (eb) =>
              eb
                .selectFrom('email_sign_in')
                .select('id')
                .where('token_sealed', 'is not', null)
                .where((due) =>
                  due.or([due('next_attempt_at', '<=', db.now()), due('ends_at', '<=', db.now())]),
                )
                .where((free) =>
                  free.or([free('lease_until', 'is', null), free('lease_until', '<=', db.now())]),
                )
                .orderBy('next_attempt_at')
                .limit(1)
                .$if(db.engine === 'postgres', (select) => select.forUpdate().skipLocked()),
            )
            .returningAll()
            .returning(db.now().as('now'))
            .executeTakeFirst(),
        );
        if (!row) return undefined;
        const mail = mailOf(row);
        const notice: ClaimedNotice = {
          id: row.id,
          messageId: `<${row.id}@${new URL(siteUrl).hostname}>`,
          acceptedAt: new Date(row.created_at),
          age: Math.max(0, Number(row.now) - row.created_at),
          attempt: row.attempts,
          crashedClaims: row.unfinished - 1,
          token: leaseToken,
          traceparent: row.traceparent,
          to: mail?.to ?? '',
          subject: mail?.subject ?? '',
          text: mail?.text ?? '',
          html: mail?.html ?? '',
          isExpired: !mail || row.ends_at <= Number(row.now),
        };
        return notice;
      }),

    complete: (id, token) => recordOutcome(id, token, 'finished'),
    retryLater: (id, token, retry) => recordOutcome(id, token, retry),
    markDead: (id, token) => recordOutcome(id, token, 'finished'),

    store: (id, raw) =>
      withStorageErrors(async () => {
        const db = await open();
        const row = await db.queries
          .selectFrom('email_sign_in')
          .selectAll()
          .where('id', '=', id)
          .executeTakeFirst();
        const mail = row && mailOf(row);
        if (!mail) return;
        await storeMessage(db, id, { ...mail, raw });
      }),

    stored,

    markRead: (id) =>
      withStorageErrors(async () => {
        const notice = (await stored()).find((each) => each.id === id);
        if (notice && !notice.isRead) await storeMessage(await open(), id, { ...notice, isRead: true });
      }),

    remove: (id) =>
      withStorageErrors(async () => {
        const db = await open();
        const result = await db.write((queries) =>
          queries
            .updateTable('email_sign_in')
            .set({ message_sealed: null })
            .where('message_sealed', 'is not', null)
            .where('ends_at', '>', db.now())
            .$if(id !== undefined, (rows) => rows.where('id', '=', id ?? ''))
            .executeTakeFirst(),
        );
        return Number(result.numUpdatedRows);
      }),
  };
}
