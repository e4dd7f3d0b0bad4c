import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createOutbox } from '#server/mail/outbox.ts';
import { startPostgres } from '#tests/support/postgres.ts';
import { has, testWith } from '#tests/support/skip.ts';
import { canMount, canMountFailing, mountFailingDisk, mountSmallDisk } from '#tests/support/small-disk.ts';
import { addresses, draft, eventually, openStorage, tempDir, testMail, testSmtpServer } from './support.ts';

test('statements that share a transaction fail on their own', async () => {
  const DATA_DIR = tempDir();
  const db = await openStorage({ DATA_DIR });
  const outbox = createOutbox(db, addresses);
  const first = await outbox.enqueue(draft);
  const other = new Sqlite(join(DATA_DIR, 'typed-bff.sqlite'));
  onTestFinished(() => void other.close());
  // While another process holds the lock, statements wait. They run together afterwards.
  other.exec('begin immediate');
  const invalid = { mail_id: first.id, received_at: 1, raw: 'raw' };
  const results = Promise.allSettled([
    outbox.enqueue(draft),
    db.queries.insertInto('inbox').values(invalid).execute(),
    db.queries.insertInto('inbox').values(invalid).execute(),
    db.queries
      .insertInto('inbox')
      .values({ ...invalid, mail_id: 'no such mail' })
      .execute(),
    outbox.enqueue({ ...draft, idempotencyKey: 'the-key' }),
    outbox.enqueue({ ...draft, idempotencyKey: 'the-key' }),
  ]);
  await delay(50);
  other.exec('commit');
  expect(await results).toMatchObject([
    { status: 'fulfilled', value: { duplicate: false } },
    { status: 'fulfilled' },
    { status: 'rejected', reason: { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' } },
    { status: 'rejected', reason: { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' } },
    { status: 'fulfilled', value: { duplicate: false } },
    { status: 'fulfilled', value: { duplicate: true } },
  ]);
  expect((await outbox.counts()).queued).toBe(3);
});

test('a mail whose outcome cannot be stored is not sent again, even after the end of its lease', async () => {
  const DATA_DIR = tempDir();
  const other: Sqlite.Database[] = [];
  const smtp = await testSmtpServer({
    beforeReply: async () => {
      if (other.length > 0) return;
      const locking = new Sqlite(join(DATA_DIR, 'typed-bff.sqlite'));
      onTestFinished(() => void locking.close());
      locking.exec('begin immediate');
      other.push(locking);
    },
  });
  const { mail, lines } = testMail({ DATA_DIR, SMTP_URL: smtp.url }, { lease: 100 });
  mail.start();
  const { id } = await mail.send(draft);
  // The outcome waits for the lock until its deadline.
  await eventually(() => expect(lines.join()).toContain('"fault":"locked"'));
  other[0]?.exec('commit');
  await eventually(async () => expect(await mail.status(id)).toMatchObject({ status: 'sent', attempts: 1 }));
  expect(smtp.messages).toHaveLength(1);
  await eventually(() => expect(lines.join()).toContain('the database can be written again'));
});

const unavailable = { reason: 'mail_unavailable', retryAfterSeconds: 5 };
const large = { ...draft, contents: Array.from({ length: 900 }, (_, n) => `w${n}`).join(' ') };

/** False in most containers, where root may not mount. */
if (!has('root') || canMount()) {
  testWith('root', 'postgres')(
    'PostgreSQL on a full disk: mails are rejected, accepted ones are kept, and freeing space suffices',
    { timeout: 180_000 },
    async () => {
      const disk = mountSmallDisk(120);
      onTestFinished(disk.close);
      const postgres = await startPostgres({ dataIn: disk.path, logElsewhere: true });
      onTestFinished(() => postgres.close());
      const { mail, lines } = testMail({ DATABASE_URL: await postgres.database() });
      const accepted = [(await mail.send(large)).id];
      expect(await mail.check()).toBe('ok');

      disk.fill();
      await eventually(async () => {
        await expect(sendAndCount()).rejects.toMatchObject({ ...unavailable, cause: { code: '53100' } });
      });
      async function sendAndCount(): Promise<void> {
        for (;;) accepted.push((await mail.send(large)).id);
      }
      await eventually(async () => expect(await mail.check()).toBe('disk_full'));
      expect(lines.filter((line) => line.includes('"fault":"disk_full"'))).toHaveLength(1);
      expect(await mail.status(accepted[0] ?? '')).toMatchObject({ status: 'held' });

      disk.free();
      await eventually(async () => expect(await mail.check()).toBe('ok'));
      accepted.push((await mail.send(large)).id);
      const stored = await mail.operations.list({ limit: 100_000 });
      expect(stored.map(({ id }) => id).sort()).toEqual(accepted.toSorted());
    },
  );
}

/** Without loop devices, as in most containers, there is no disk that can fail. */
if (!has('root') || canMountFailing()) {
  testWith('root', 'postgres')(
    'PostgreSQL on a disk that becomes read-only: mails are rejected, and after its repair all accepted ones are there',
    { timeout: 180_000 },
    async () => {
      const disk = mountFailingDisk(160);
      onTestFinished(disk.close);
      const postgres = await startPostgres({ dataIn: disk.path });
      onTestFinished(() => postgres.close());
      const { mail } = testMail({ DATABASE_URL: await postgres.database() });
      const accepted = [(await mail.send(draft)).id, (await mail.send(draft)).id];

      disk.fail();
      await expect(mail.send(draft)).rejects.toMatchObject(unavailable);
      await eventually(async () => expect(await mail.check()).toBe('unreachable'));
      await expect(mail.send(draft)).rejects.toMatchObject(unavailable);
      await postgres.stop();
      disk.repair();
      await postgres.start();

      await eventually(async () => expect(await mail.check()).toBe('ok'));
      accepted.push((await mail.send(draft)).id);
      const stored = await mail.operations.list({ limit: 100 });
      expect(stored.map(({ id }) => id).sort()).toEqual(accepted.toSorted());
    },
  );
}
