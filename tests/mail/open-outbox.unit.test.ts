import { expect, test } from 'vitest';
import { outboxOpener } from '#server/mail/open-outbox.ts';
import { createOutbox } from '#server/mail/outbox.ts';
import { mailTiming } from '#server/mail/timing.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Database } from '#server/storage/database.ts';
import { addresses, draft, openStorage, tempDir } from './support.ts';

/** Returns a new database with two held mails. */
async function withHeldMails(): Promise<Database> {
  const db = await openStorage({ DATA_DIR: tempDir() });
  const held = createOutbox(db, { ...addresses, hold: true });
  await held.enqueue(draft);
  await held.enqueue(draft);
  return db;
}

/** @param hold true without a transport */
function opener(db: Database, { hold }: { hold: boolean }) {
  const lines: unknown[] = [];
  const outbox = outboxOpener({
    database: { open: () => Promise.resolve(db) },
    log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }),
    siteUrl: addresses.siteUrl,
    timing: mailTiming,
    hold,
  });
  return { outbox, lines };
}

test('a database has one outbox', async () => {
  const { outbox } = opener(await withHeldMails(), { hold: true });
  const [one, two] = await Promise.all([outbox(), outbox()]);
  expect(one).toBe(two);
});

test('with a transport, held mails are released once, and their number is logged', async () => {
  const { outbox, lines } = opener(await withHeldMails(), { hold: false });
  expect(await (await outbox()).counts()).toMatchObject({ queued: 2, held: 0 });
  await outbox();
  expect(lines).toMatchObject([{ msg: 'held mails released', released: 2 }]);
});

test('without a transport, held mails stay held', async () => {
  const { outbox, lines } = opener(await withHeldMails(), { hold: true });
  expect(await (await outbox()).counts()).toMatchObject({ queued: 0, held: 2 });
  expect(lines).toEqual([]);
});

test('if held mails cannot be released, mail is unavailable, and the next use tries again', async () => {
  const db = await withHeldMails();
  let broken = true;
  const failing: Database = {
    ...db,
    write: (statements) => (broken ? Promise.reject(new Error('broken')) : db.write(statements)),
  };
  const { outbox } = opener(failing, { hold: false });
  await expect(outbox()).rejects.toMatchObject({ reason: 'mail_unavailable' });
  broken = false;
  expect(await (await outbox()).counts()).toMatchObject({ queued: 2, held: 0 });
});
