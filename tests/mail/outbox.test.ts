import { describe, expect, it } from 'vitest';
import type { ClaimedMail } from '#server/mail/claims.ts';
import { openDatabase } from '#server/mail/database.ts';
import { createOutbox, type Outbox } from '#server/mail/outbox.ts';
import { draft, tempDir, testOutbox } from './support.ts';

const timing = { lease: 1_000, backoffCap: 10_000 };

/** An outbox whose clock the test sets. */
async function withClock() {
  const time = { now: 1_700_000_000_000 };
  const outbox = await testOutbox(tempDir(), { timing, clock: () => time.now });
  return { outbox, time };
}

async function claimed(outbox: Outbox): Promise<ClaimedMail> {
  const mail = await outbox.claim();
  if (!mail) throw new Error('No mail was due.');
  return mail;
}

describe('claims', () => {
  it('gives a mail to one dispatcher', async () => {
    const { outbox } = await withClock();
    const { id } = await outbox.enqueue(draft);
    const mail = await claimed(outbox);
    expect(mail).toMatchObject({ id, ...draft, attempt: 1 });
    expect(await outbox.claim()).toBeUndefined();
    expect(await outbox.status(id)).toMatchObject({ status: 'sending', attempts: 1 });
  });

  it('gives each of many mails once over two connections', async () => {
    const dir = tempDir();
    const [one, two] = [await testOutbox(dir), await testOutbox(dir)];
    const sent = await Promise.all(Array.from({ length: 20 }, () => one.enqueue(draft)));
    const got = await Promise.all(Array.from({ length: 30 }, (_, index) => (index % 2 ? one : two).claim()));
    const ids = got.flatMap((mail) => (mail ? [mail.id] : []));
    expect(ids.sort()).toEqual(sent.map(({ id }) => id).sort());
  });

  it('gives a mail anew when its lease has ended, and ignores the late outcome of the first', async () => {
    const { outbox, time } = await withClock();
    const { id } = await outbox.enqueue(draft);
    const first = await claimed(outbox);
    time.now += timing.lease - 1;
    expect(await outbox.claim()).toBeUndefined();
    time.now += 1;
    const second = await claimed(outbox);
    expect(second).toMatchObject({ id, attempt: 2 });

    const retry = { at: time.now, lastError: null, countAttempt: true };
    expect(await outbox.complete(id, first.token)).toBe(false);
    expect(await outbox.bury(id, first.token, 'late')).toBe(false);
    expect(await outbox.retryLater(id, first.token, retry)).toBe(false);
    expect(await outbox.status(id)).toMatchObject({ status: 'sending', attempts: 2, sentAt: null });

    expect(await outbox.complete(id, second.token)).toBe(true);
    expect(await outbox.status(id)).toMatchObject({ status: 'sent', sentAt: new Date(time.now) });
    expect(await outbox.complete(id, second.token)).toBe(false);
    expect(await outbox.claim()).toBeUndefined();
  });

  it('waits for the next attempt, at a fractional time too', async () => {
    const { outbox, time } = await withClock();
    const { id } = await outbox.enqueue(draft);
    const mail = await claimed(outbox);
    await outbox.retryLater(id, mail.token, { at: time.now + 500.4, lastError: 'x', countAttempt: true });
    expect(await outbox.claim()).toBeUndefined();
    time.now += 500;
    expect(await claimed(outbox)).toMatchObject({ id, attempt: 2 });
  });

  it('gives an attempt back that does not count', async () => {
    const { outbox, time } = await withClock();
    const { id } = await outbox.enqueue(draft);
    const mail = await claimed(outbox);
    await outbox.retryLater(id, mail.token, { at: time.now, lastError: 'x', countAttempt: false });
    expect(await outbox.status(id)).toMatchObject({ status: 'queued', attempts: 0 });
  });

  it('does not wait for a clock that was set back', async () => {
    const { outbox, time } = await withClock();
    const { id } = await outbox.enqueue(draft);
    time.now -= 365 * 24 * 60 * 60_000;
    expect(await claimed(outbox)).toMatchObject({ id });
  });

  it('does not give out what is held, sent or dead', async () => {
    const outbox = await testOutbox(tempDir(), { hold: true });
    const { id } = await outbox.enqueue(draft);
    expect(await outbox.claim()).toBeUndefined();
    expect(await outbox.releaseHeld()).toBe(1);
    const mail = await claimed(outbox);
    await outbox.bury(id, mail.token, 'x');
    expect(await outbox.claim()).toBeUndefined();
    expect(await outbox.releaseHeld()).toBe(0);
  });

  it('counts the time of a held mail from its release', async () => {
    const time = { now: 1_000_000 };
    const outbox = await testOutbox(tempDir(), { hold: true, clock: () => time.now });
    await outbox.enqueue(draft);
    time.now += 10 * 24 * 60 * 60_000;
    await outbox.releaseHeld();
    const mail = await claimed(outbox);
    expect(mail.acceptedAt).toEqual(new Date(1_000_000));
    expect(mail.queuedAt).toEqual(new Date(time.now));
  });
});

describe('storage', () => {
  it('is mail_unavailable when the database is closed underneath', async () => {
    const db = await openDatabase(tempDir());
    const outbox = createOutbox(db, { siteUrl: 'http://localhost' });
    await outbox.enqueue(draft);
    await db.destroy();
    const failed = { reason: 'mail_unavailable', cause: expect.anything() };
    await expect(outbox.enqueue(draft)).rejects.toMatchObject(failed);
    await expect(outbox.claim()).rejects.toMatchObject(failed);
    await expect(outbox.status('x')).rejects.toMatchObject(failed);
    await expect(outbox.inbox.list()).rejects.toMatchObject(failed);
  });

  it('can be opened by several at once on an empty folder', async () => {
    const dir = tempDir();
    const outboxes = await Promise.all(Array.from({ length: 4 }, () => testOutbox(dir)));
    const receipts = await Promise.all(outboxes.map((outbox) => outbox.enqueue(draft)));
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(4);
  });

  it('keeps the first delivery of a message into the inbox', async () => {
    const outbox = await testOutbox(tempDir());
    const { id } = await outbox.enqueue(draft);
    await outbox.inbox.deliver(id, 'first');
    await outbox.inbox.deliver(id, 'second');
    expect(await outbox.inbox.get(id)).toMatchObject({ id, email: draft.email, raw: 'first' });
    expect(await outbox.inbox.list()).toHaveLength(1);
  });
});
