import { beforeEach, describe, expect, it } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { ClaimedMail } from '#server/mail/claims.ts';
import type { Draft } from '#server/mail/draft.ts';
import { createOutbox, type Outbox } from '#server/mail/outbox.ts';
import { type MailState, type MailTable, mailStates } from '#server/mail/tables.ts';
import { currentTrace, parseTraceparent } from '#server/observability/trace-context.ts';
import type { Database } from '#server/storage/database.ts';
import { draft } from './support.ts';

/** An empty database whose clock stands still until it is set, in milliseconds since the epoch. */
export type TimedStorage = { db: Database; setClock(milliseconds: number): Promise<void> };

const timing = { lease: 1_000, backoffCap: 10_000 };
const start = 1_000_000_000;
const noMails = { queued: 0, sending: 0, sent: 0, dead: 0, held: 0, suspected: 0 };
const keyed = { ...draft, idempotencyKey: 'form-1' };
const suspected = { ...draft, suspicion: 'hidden_field' } as const;

/** Declares tests of the outbox's rules at their exact limits, the same for each engine. */
export function describeOutboxRules(open: () => Promise<TimedStorage>): void {
  let storage: TimedStorage;
  let outbox: Outbox;
  /** An outbox without a transport. */
  let holding: Outbox;

  beforeEach(async () => {
    storage = await open();
    await at(0);
    const options = { siteUrl: 'https://site.example:8443', timing };
    outbox = createOutbox(storage.db, options);
    holding = createOutbox(storage.db, { ...options, hold: true });
  });

  /** Sets the clock to this number of milliseconds after the start of the test. */
  const at = (milliseconds: number) => storage.setClock(start + milliseconds);

  async function claimDue(): Promise<ClaimedMail> {
    const mail = await outbox.claim();
    if (!mail) throw new Error('No mail was due.');
    return mail;
  }

  async function claimedIds(count: number): Promise<string[]> {
    const ids: string[] = [];
    while (ids.length < count) ids.push((await claimDue()).id);
    return ids;
  }

  const retry = ({ id, token }: ClaimedMail, delay: number) =>
    outbox.retryLater(id, token, { delay, lastError: 'RCPT TO 451', countAttempt: true });

  /** Returns the id of a new mail in a state. No other mail may be due. */
  async function mailIn(state: MailState, mail: Draft = draft): Promise<string> {
    if (state === 'held') return (await holding.enqueue(mail)).id;
    if (state === 'suspected') return (await outbox.enqueue({ ...mail, suspicion: 'hidden_field' })).id;
    const { id } = await outbox.enqueue(mail);
    if (state === 'queued') return id;
    const { token } = await claimDue();
    if (state === 'sent') await outbox.complete(id, token);
    if (state === 'dead') await outbox.markDead(id, token, 'RCPT TO 550');
    return id;
  }

  /** Returns the id of a new mail in each state. */
  async function mailInEachState(): Promise<Record<MailState, string>> {
    const ids = { queued: '', sending: '', sent: '', dead: '', held: '', suspected: '' };
    for (const state of mailStates.toReversed()) ids[state] = await mailIn(state);
    return ids;
  }

  describe('a mail is claimed', () => {
    it('with its fields, its age and the number of its attempts', async () => {
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const { id, messageId } = await currentTrace.run(parseTraceparent(traceparent), () =>
        outbox.enqueue(draft),
      );
      await at(2_500);
      const first = await claimDue();
      expect(first).toEqual({
        id,
        messageId,
        ...draft,
        acceptedAt: new Date(start),
        age: 2_500,
        attempt: 1,
        crashedClaims: 0,
        token: expect.any(String),
        traceparent,
      });
      expect(await outbox.status(id)).toMatchObject({ status: 'sending', attempts: 1 });
      await retry(first, 0);
      expect(await claimDue()).toMatchObject({ id, age: 2_500, attempt: 2, crashedClaims: 0, traceparent });
      await outbox.enqueue({ email: draft.email, contents: 'Hi' });
      expect(await claimDue()).toMatchObject({ name: null, subject: null, traceparent: null });
    });

    it('once', async () => {
      await outbox.enqueue(draft);
      await claimDue();
      expect(await outbox.claim()).toBeUndefined();
    });

    it('when its delay is over, and not a millisecond earlier', async () => {
      const { id } = await outbox.enqueue(draft);
      await retry(await claimDue(), 5_000);
      await at(4_999);
      expect(await outbox.claim()).toBeUndefined();
      await at(5_000);
      expect(await claimDue()).toMatchObject({ id, attempt: 2 });
    });

    it('when it has been due the longest', async () => {
      const retried = await outbox.enqueue(draft);
      await retry(await claimDue(), 100);
      await at(50);
      const accepted = await outbox.enqueue(draft);
      await at(200);
      expect(await claimedIds(2)).toEqual([accepted.id, retried.id]);
    });

    it('of two that are due at the same time, when it was accepted first', async () => {
      // It is stored last, so that the order of the rows does not decide.
      await at(100);
      const later = await outbox.enqueue(draft);
      await at(0);
      const first = await outbox.enqueue(draft);
      await retry(await claimDue(), 100);
      await at(100);
      expect(await claimedIds(2)).toEqual([first.id, later.id]);
    });

    it('again when its lease is over, and not a millisecond earlier', async () => {
      const { id } = await outbox.enqueue(draft);
      const first = await claimDue();
      await at(timing.lease - 1);
      expect(await outbox.claim()).toBeUndefined();
      await at(timing.lease);
      const second = await claimDue();
      expect(second).toMatchObject({ id, attempt: 2, crashedClaims: 1 });
      expect(second.token).not.toBe(first.token);
    });

    it('before those that are due, if its last claim had no outcome', async () => {
      const { id } = await outbox.enqueue(draft);
      await claimDue();
      const due = await outbox.enqueue(draft);
      await at(timing.lease);
      expect(await claimedIds(2)).toEqual([id, due.id]);
    });

    it('after a clock was set back so far that its next attempt is further ahead than any backoff', async () => {
      const { id } = await outbox.enqueue(draft);
      await retry(await claimDue(), timing.backoffCap);
      await at(0);
      expect(await outbox.claim()).toBeUndefined();
      await at(-1);
      const due = await outbox.enqueue(draft);
      expect(await claimedIds(2)).toEqual([due.id, id]);
    });

    it('after a clock was set back so far that its lease is further ahead than two leases', async () => {
      const { id } = await outbox.enqueue(draft);
      await claimDue();
      await at(-timing.lease);
      expect(await outbox.claim()).toBeUndefined();
      await at(-timing.lease - 1);
      expect(await claimDue()).toMatchObject({ id, attempt: 2, crashedClaims: 1 });
    });

    it('with an age of zero by a clock that was set back', async () => {
      await outbox.enqueue(draft);
      await at(-timing.backoffCap - 1);
      expect((await claimDue()).age).toBe(0);
    });

    it('with an age that starts when it is released, if it was held', async () => {
      await holding.enqueue(draft);
      await at(500);
      expect(await outbox.claim()).toBeUndefined();
      expect(await outbox.releaseHeld()).toBe(1);
      await at(700);
      expect(await claimDue()).toMatchObject({ age: 200, acceptedAt: new Date(start) });
    });
  });

  describe('the outcome of a claim', () => {
    it('sent: has the time, and no error of an earlier attempt', async () => {
      const { id } = await outbox.enqueue(draft);
      await retry(await claimDue(), 0);
      const { token } = await claimDue();
      await at(300);
      expect(await outbox.complete(id, token)).toBe(true);
      const sent = { id, status: 'sent', attempts: 2, sentAt: new Date(start + 300) };
      expect(await outbox.get(id)).toMatchObject({ ...sent, lastError: null, nextAttemptAt: null });
      expect(await outbox.status(id)).toEqual({ ...sent, acceptedAt: new Date(start) });
      await at(365 * 24 * 60 * 60_000);
      expect(await outbox.claim()).toBeUndefined();
    });

    it.each([
      [5_000, 5_000],
      [10.4, 10],
      [10.5, 11],
    ])('retried: after a delay of %d ms the next attempt is due in %d ms', async (delay, rounded) => {
      const { id } = await outbox.enqueue(draft);
      await at(50);
      expect(await retry(await claimDue(), delay)).toBe(true);
      expect(await outbox.get(id)).toMatchObject({
        status: 'queued',
        attempts: 1,
        lastError: 'RCPT TO 451',
        nextAttemptAt: new Date(start + 50 + rounded),
        sentAt: null,
      });
    });

    it('retried: an attempt that does not count is subtracted', async () => {
      const { id, token } = await outbox.enqueue(draft).then(claimDue);
      await outbox.retryLater(id, token, { delay: 0, lastError: null, countAttempt: false });
      expect(await outbox.get(id)).toMatchObject({ status: 'queued', attempts: 0, lastError: null });
      expect(await claimDue()).toMatchObject({ attempt: 1 });
    });

    it('dead: the mail is never claimed again', async () => {
      const { id, token } = await outbox.enqueue(draft).then(claimDue);
      expect(await outbox.markDead(id, token, 'RCPT TO 550')).toBe(true);
      expect(await outbox.get(id)).toMatchObject({
        status: 'dead',
        attempts: 1,
        lastError: 'RCPT TO 550',
        nextAttemptAt: null,
        sentAt: null,
      });
      await at(365 * 24 * 60 * 60_000);
      expect(await outbox.claim()).toBeUndefined();
      expect(await outbox.releaseHeld()).toBe(0);
    });

    it('forgets the earlier claims without one', async () => {
      await outbox.enqueue(draft);
      await claimDue();
      await at(timing.lease);
      const second = await claimDue();
      expect(second.crashedClaims).toBe(1);
      await retry(second, 0);
      expect(await claimDue()).toMatchObject({ attempt: 3, crashedClaims: 0 });
    });

    it('is ignored once the lease belongs to another claim', async () => {
      const first = await outbox.enqueue(draft).then(claimDue);
      await at(timing.lease);
      const second = await claimDue();
      expect(await outbox.complete(first.id, first.token)).toBe(false);
      expect(await outbox.markDead(first.id, first.token, 'late')).toBe(false);
      expect(await retry(first, 0)).toBe(false);
      expect(await outbox.get(first.id)).toMatchObject({ status: 'sending', lastError: null, sentAt: null });
      expect(await outbox.complete(second.id, second.token)).toBe(true);
      expect(await outbox.complete(second.id, second.token)).toBe(false);
    });

    it('is ignored for another mail', async () => {
      const one = await outbox.enqueue(draft).then(claimDue);
      const other = await outbox.enqueue(draft).then(claimDue);
      expect(await outbox.complete(one.id, other.token)).toBe(false);
      expect(await outbox.counts()).toEqual({ ...noMails, sending: 2 });
    });
  });

  describe('an accepted mail', () => {
    it('has a Message-ID of the host name, without its port', async () => {
      const receipt = await outbox.enqueue(draft);
      expect(receipt).toEqual({
        id: receipt.id,
        messageId: `<${receipt.id}@site.example>`,
        status: 'queued',
        duplicate: false,
      });
      expect(await outbox.status(receipt.id)).toEqual({
        id: receipt.id,
        status: 'queued',
        attempts: 0,
        acceptedAt: new Date(start),
        sentAt: null,
      });
      expect(await outbox.status('unknown')).toBeUndefined();
    });

    it.each([
      { hold: true, mail: draft, state: 'held' },
      { hold: true, mail: suspected, state: 'suspected' },
      { hold: false, mail: suspected, state: 'suspected' },
    ])(
      'is held for its sender if it is $state; held by the product: $hold',
      async ({ hold, mail, state }) => {
        const { id, status } = await (hold ? holding : outbox).enqueue(mail);
        expect(status).toBe('held');
        expect(await outbox.status(id)).toMatchObject({ status: 'held', attempts: 0 });
        expect(await outbox.get(id)).toMatchObject({ status: state });
        await at(365 * 24 * 60 * 60_000);
        expect(await outbox.claim()).toBeUndefined();
      },
    );

    it.each(mailStates)('is found by its key while it is %s', async (state) => {
      const id = await mailIn(state, keyed);
      expect(await outbox.enqueue(keyed)).toEqual({
        id,
        messageId: `<${id}@site.example>`,
        status: state === 'suspected' ? 'held' : state,
        duplicate: true,
      });
      expect(await outbox.list({ limit: 10 })).toHaveLength(1);
    });

    it('keeps its key as long as it is kept', async () => {
      const first = await outbox.enqueue(keyed);
      const { token } = await claimDue();
      await outbox.complete(first.id, token);
      await at(5_000);
      expect(await outbox.deleteSent(5_000)).toBe(0);
      expect(await outbox.enqueue(keyed)).toMatchObject({ id: first.id, duplicate: true });
      await at(5_001);
      expect(await outbox.deleteSent(5_000)).toBe(1);
      expect(await outbox.enqueue(keyed)).toMatchObject({ duplicate: false });
    });
  });

  describe('a suspected mail', () => {
    it('has its suspicion for the operator, and keeps it for ever', async () => {
      const { id } = await outbox.enqueue(suspected);
      await at(365 * 24 * 60 * 60_000);
      expect(await outbox.deleteSent(0)).toBe(0);
      expect(await outbox.releaseHeld()).toBe(0);
      expect(await outbox.get(id)).toMatchObject({
        ...draft,
        status: 'suspected',
        suspicion: 'hidden_field',
        nextAttemptAt: null,
      });
    });

    it('is delivered like any other once it is released, and may die like any other', async () => {
      const { id } = await outbox.enqueue(suspected);
      expect(await outbox.requeue(id)).toBe(true);
      const mail = await claimDue();
      expect(mail).toMatchObject({ id, ...draft, attempt: 1 });
      await outbox.markDead(id, mail.token, 'RCPT TO 550');
      expect(await outbox.get(id)).toMatchObject({ status: 'dead', suspicion: null });
    });

    // Earlier releases know no suspicion: they must neither deliver the mail nor delete it.
    it('is a dead one for earlier releases, and suspected no more if one of them has queued it', async () => {
      const { id } = await outbox.enqueue(suspected);
      const { queries } = storage.db;
      expect(await queries.selectFrom('mail').select('status').execute()).toEqual([{ status: 'dead' }]);
      await queries.updateTable('mail').set({ status: 'queued' }).execute();
      expect(await outbox.get(id)).toMatchObject({ status: 'queued', suspicion: null });
    });
  });

  describe('the operator', () => {
    it('sees the newest mail first, of several at the same time that with the lowest id, up to the limit', async () => {
      const oldest = await outbox.enqueue(draft);
      await at(10);
      const newest = [await outbox.enqueue(draft), await outbox.enqueue(draft)].map(({ id }) => id).sort();
      const listed = async (limit: number) => (await outbox.list({ limit })).map(({ id }) => id);
      expect(await listed(3)).toEqual([...newest, oldest.id]);
      expect(await listed(1)).toEqual(newest.slice(0, 1));
    });

    it('sees the mails of each state, and their numbers', async () => {
      const ids = await mailInEachState();
      for (const state of mailStates) {
        const listed = await outbox.list({ status: state, limit: 10 });
        expect(listed).toEqual([
          {
            id: ids[state],
            status: state,
            suspicion: state === 'suspected' ? 'hidden_field' : null,
            attempts: ['sending', 'sent', 'dead'].includes(state) ? 1 : 0,
            acceptedAt: new Date(start),
            nextAttemptAt: state === 'queued' ? new Date(start) : null,
            sentAt: state === 'sent' ? new Date(start) : null,
            lastError: state === 'dead' ? 'RCPT TO 550' : null,
          },
        ]);
      }
      expect(await outbox.list({ limit: 10 })).toHaveLength(6);
      expect(await outbox.counts()).toEqual(Object.fromEntries(mailStates.map((state) => [state, 1])));
      await outbox.enqueue(draft);
      expect((await outbox.counts()).queued).toBe(2);
    });

    it('sees the contents of one mail', async () => {
      const { id, messageId } = await outbox.enqueue(draft);
      expect(await outbox.get(id)).toEqual({
        id,
        status: 'queued',
        suspicion: null,
        attempts: 0,
        acceptedAt: new Date(start),
        nextAttemptAt: new Date(start),
        sentAt: null,
        lastError: null,
        messageId,
        ...draft,
      });
      expect(await outbox.get('unknown')).toBeUndefined();
    });

    it('can queue any mail again that is not sent or being sent, and no other', async () => {
      const ids = await mailInEachState();
      const requeued: Partial<Record<MailState, boolean>> = {};
      for (const state of mailStates) requeued[state] = await outbox.requeue(ids[state]);
      expect(requeued).toEqual({
        queued: true,
        sending: false,
        sent: false,
        dead: true,
        held: true,
        suspected: true,
      });
      expect(await outbox.counts()).toEqual({ ...noMails, queued: 4, sending: 1, sent: 1 });
      expect(await outbox.requeue('unknown')).toBe(false);
    });

    it('queues a mail as if it had just been accepted', async () => {
      const { id } = await outbox.enqueue(draft);
      await retry(await claimDue(), 5_000);
      // As after a move to another storage while it was being sent.
      await storage.db.queries.updateTable('mail').set({ unfinished: 4 }).execute();
      await at(100);
      await outbox.requeue(id);
      await at(150);
      expect(await claimDue()).toMatchObject({ id, attempt: 1, crashedClaims: 0, age: 50 });
    });

    it('can discard any mail that is not being sent, with its message in the inbox', async () => {
      const ids = await mailInEachState();
      for (const id of Object.values(ids)) await outbox.inbox.deliver(id, 'raw');
      const discarded: Partial<Record<MailState, boolean>> = {};
      for (const state of mailStates) discarded[state] = await outbox.discard(ids[state]);
      expect(discarded).toEqual({
        queued: true,
        sending: false,
        sent: true,
        dead: true,
        held: true,
        suspected: true,
      });
      expect((await outbox.list({ limit: 10 })).map(({ id }) => id)).toEqual([ids.sending]);
      expect((await outbox.inbox.list()).map(({ id }) => id)).toEqual([ids.sending]);
      expect(await outbox.discard('unknown')).toBe(false);
    });

    it('can use the key of a discarded mail again', async () => {
      const { id } = await outbox.enqueue(keyed);
      await outbox.discard(id);
      expect(await outbox.enqueue(keyed)).toMatchObject({ duplicate: false });
    });

    it('releases held mails, and no other, in the order in which they were accepted', async () => {
      const others = await mailInEachState();
      await at(10);
      const second = await holding.enqueue(draft);
      await at(500);
      expect(await outbox.releaseHeld()).toBe(2);
      expect(await outbox.counts()).toEqual({
        queued: 3,
        sending: 1,
        sent: 1,
        dead: 1,
        held: 0,
        suspected: 1,
      });
      expect(await claimedIds(3)).toEqual([others.queued, others.held, second.id]);
    });
  });

  describe('the deletion of old mails', () => {
    it('deletes those sent longer ago than the given time, with their messages, and no other', async () => {
      const ids = await mailInEachState();
      for (const id of Object.values(ids)) await outbox.inbox.deliver(id, 'raw');
      await at(5_000);
      expect(await outbox.deleteSent(5_000)).toBe(0);
      await at(5_001);
      expect(await outbox.deleteSent(5_000)).toBe(1);
      expect(await outbox.get(ids.sent)).toBeUndefined();
      expect(await outbox.list({ limit: 10 })).toHaveLength(5);
      expect(await outbox.inbox.list()).toHaveLength(5);
    });

    it('deletes at most the limit at once', async () => {
      await insert(Array.from({ length: limits.mail.deletedAtOnce + 1 }, (_, n) => sentMail(n)));
      await at(1_000);
      const deleted = [await outbox.deleteSent(0), await outbox.deleteSent(0), await outbox.deleteSent(0)];
      expect(deleted).toEqual([limits.mail.deletedAtOnce, 1, 0]);
    });
  });

  describe('the inbox', () => {
    it('has the newest message first, of several at the same time that of the mail accepted last', async () => {
      const first = await outbox.enqueue(draft);
      await at(10);
      const second = await outbox.enqueue({ email: draft.email, contents: 'Hi' });
      await at(20);
      const third = await outbox.enqueue(draft);
      await outbox.inbox.deliver(second.id, 'raw');
      await outbox.inbox.deliver(first.id, 'raw');
      await at(30);
      await outbox.inbox.deliver(third.id, 'raw');
      const unread = { receivedAt: new Date(start + 20), isRead: false };
      expect(await outbox.inbox.list()).toEqual([
        { id: third.id, ...unread, receivedAt: new Date(start + 30), ...draft },
        { id: second.id, ...unread, email: draft.email, name: null, subject: null, contents: 'Hi' },
        { id: first.id, ...unread, ...draft },
      ]);
      expect(await outbox.inbox.list(1)).toMatchObject([{ id: third.id }]);
    });

    it('keeps the first delivery of a message', async () => {
      const { id } = await outbox.enqueue(draft);
      await at(20);
      await outbox.inbox.deliver(id, 'first');
      await at(30);
      await outbox.inbox.deliver(id, 'second');
      expect(await outbox.inbox.get(id)).toEqual({
        id,
        receivedAt: new Date(start + 20),
        isRead: false,
        raw: 'first',
        ...draft,
      });
      expect(await outbox.inbox.list()).toHaveLength(1);
      expect(await outbox.inbox.get('unknown')).toBeUndefined();
    });

    it('knows which messages were read', async () => {
      const [first, second] = [await outbox.enqueue(draft), await outbox.enqueue(draft)];
      for (const { id } of [first, second]) await outbox.inbox.deliver(id, 'raw');
      await outbox.inbox.markRead(first.id);
      await outbox.inbox.markRead('unknown');
      expect(await outbox.inbox.get(first.id)).toMatchObject({ isRead: true });
      expect(await outbox.inbox.get(second.id)).toMatchObject({ isRead: false });
    });

    it('deletes one message or all, and keeps the mails', async () => {
      const receipts = [
        await outbox.enqueue(draft),
        await outbox.enqueue(draft),
        await outbox.enqueue(draft),
      ];
      for (const { id } of receipts) await outbox.inbox.deliver(id, 'raw');
      const [first] = receipts;
      expect(await outbox.inbox.remove(first?.id ?? '')).toBe(1);
      expect(await outbox.inbox.remove('unknown')).toBe(0);
      expect(await outbox.inbox.list()).toHaveLength(2);
      expect(await outbox.inbox.remove()).toBe(2);
      expect(await outbox.inbox.list()).toEqual([]);
      expect(await outbox.list({ limit: 10 })).toHaveLength(3);
    });

    it('lists the newest 200 messages', async () => {
      const rows = Array.from({ length: 201 }, (_, n) => sentMail(n));
      await insert(rows);
      const messages = rows.map(({ id }, n) => ({ mail_id: id, received_at: start + n, raw: 'raw' }));
      await storage.db.queries.insertInto('inbox').values(messages).execute();
      const listed = (await outbox.inbox.list()).map(({ id }) => id);
      expect(listed).toEqual(
        rows
          .map(({ id }) => id)
          .toReversed()
          .slice(0, 200),
      );
    });
  });

  const insert = (rows: readonly MailTable[]) => storage.db.queries.insertInto('mail').values(rows).execute();
}

/** A row of a mail that was sent at the start of the test. */
function sentMail(n: number): MailTable {
  return {
    id: `mail-${n}`,
    message_id: `<mail-${n}@site.example>`,
    idempotency_key: null,
    payload_hash: 'hash',
    from_address: draft.email,
    from_name: null,
    subject: null,
    contents: 'Hello',
    status: 'sent',
    attempts: 1,
    unfinished: 0,
    accepted_at: start,
    queued_at: start,
    next_attempt_at: start,
    lease_token: null,
    lease_until: null,
    sent_at: start,
    last_error: null,
    traceparent: null,
    suspicion: null,
  };
}
