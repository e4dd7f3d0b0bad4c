import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, vi } from 'vitest';
import { createOutbox } from '#server/mail/outbox.ts';
import { createLogger } from '#server/observability/log.ts';
import { copyToPostgres } from '#server/storage/copy-to-postgres.ts';
import { openPostgres } from '#server/storage/postgres.ts';
import { openSqlite } from '#server/storage/sqlite.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { testWith } from '#tests/support/skip.ts';
import { addresses, draft, eventually, tempDir, testMail, testSmtpServer } from './support.ts';

const test = testWith('postgres');

let postgres: PostgresServer;

beforeAll(async () => {
  postgres = await startPostgres();
}, 30_000);
afterAll(() => postgres.close());

test.each(['frozen', 'gone'])(
  'a %s database: mails are rejected within the timeout, none is stored, and delivery resumes',
  async (state) => {
    const smtp = await testSmtpServer();
    const { mail } = testMail({ DATABASE_URL: await postgres.database(), SMTP_URL: smtp.url });
    mail.start();
    const before = await mail.send(draft);
    await eventually(async () => expect((await mail.status(before.id)).status).toBe('sent'));

    if (state === 'frozen') postgres.pause();
    else await postgres.stop();
    const startedAt = performance.now();
    const rejected = await Promise.allSettled(Array.from({ length: 5 }, () => mail.send(draft)));
    const duration = performance.now() - startedAt;
    expect(rejected).toMatchObject(
      Array.from({ length: 5 }, () => ({ status: 'rejected', reason: { reason: 'mail_unavailable' } })),
    );
    // The documented limit.
    expect(duration).toBeLessThan(3_500);
    expect(await mail.check()).toBe('unreachable');

    if (state === 'frozen') postgres.resume();
    else await postgres.start();
    await eventually(async () => expect(await mail.check()).toBe('ok'));
    const after = await mail.send(draft);
    await eventually(async () => expect((await mail.status(after.id)).status).toBe('sent'));
    expect(await mail.operations.counts()).toMatchObject({ queued: 0, sending: 0, sent: 2 });
    expect(smtp.messages).toHaveLength(2);
  },
  30_000,
);

test('while another instance migrates the tables, mails are rejected within the timeout', async () => {
  const url = await postgres.database();
  const other = new pg.Client(url);
  await other.connect();
  onTestFinished(() => other.end());
  await other.query('begin');
  // The advisory lock that Kysely holds during migrations.
  await other.query('select pg_advisory_xact_lock(3853314791062309107)');

  const { mail } = testMail({ DATABASE_URL: url });
  await expect(mail.send(draft)).rejects.toMatchObject({ reason: 'mail_unavailable' });
  await expect(mail.send(draft)).rejects.toMatchObject({ reason: 'mail_unavailable' });
  const { rows } = await other.query(
    "select pid from pg_stat_activity where datname = current_database() and wait_event = 'advisory'",
  );
  expect(rows).toHaveLength(1);

  await other.query('commit');
  await eventually(async () => expect(await mail.check()).toBe('ok'));
  expect(await mail.send(draft)).toMatchObject({ duplicate: false });
});

test('a connection lost between two statements fails only its transaction, and is logged', async () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'warn', destination: { write: (line) => lines.push(line) } });
  const db = await openPostgres(await postgres.database(), log);
  onTestFinished(() => db.close());
  const outbox = createOutbox(db, { siteUrl: addresses.siteUrl });
  const broken = db.write(async (queries) => {
    const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(queries);
    await sql`select pg_terminate_backend(${rows[0]?.pid})`.execute(db.queries);
    await delay(100);
    await sql`select 1`.execute(queries);
  });
  await expect(broken).rejects.toThrow();
  // The driver may report the end of the connection after its reason.
  expect(lines).not.toEqual([]);
  for (const line of lines) expect(line).toContain('database connection lost');
  expect(await outbox.enqueue(draft)).toMatchObject({ duplicate: false });
});

/** Returns the number of the product's connections to a database. */
async function connectionsTo(url: string): Promise<number> {
  const operator = new pg.Client(url);
  await operator.connect();
  const { rowCount } = await operator.query(
    "select 1 from pg_stat_activity where datname = current_database() and application_name = 'typed-bff'",
  );
  await operator.end();
  return rowCount ?? 0;
}

/** Less than the time after which the driver closes an idle connection by itself. */
const soon = { timeout: 5_000, interval: 50 };

test('an open storage has the time limits of the product, and at most ten connections', async () => {
  const url = await postgres.database();
  const db = await openPostgres(url, createLogger({ level: 'silent' }));
  onTestFinished(() => db.close());
  // Those of the migration are closed.
  await vi.waitFor(async () => expect(await connectionsTo(url)).toBe(1), soon);
  const settings = sql<{ statement: string; idle: string }>`select
    current_setting('statement_timeout') as statement,
    current_setting('idle_in_transaction_session_timeout') as idle`;
  expect((await settings.execute(db.queries)).rows).toEqual([{ statement: '1s', idle: '10s' }]);
  const many = Array.from({ length: 20 }, () => sql`select pg_sleep(0.3)`.execute(db.queries));
  await vi.waitFor(async () => expect(await connectionsTo(url)).toBe(10), { timeout: 5_000, interval: 10 });
  await Promise.allSettled(many);
  expect(await connectionsTo(url)).toBe(10);
});

test('a storage whose tables cannot be migrated gives its connections back', async () => {
  const url = await postgres.database();
  const operator = new pg.Client(url);
  await operator.connect();
  await operator.query('create table inbox (id text)');
  await operator.end();
  await expect(openPostgres(url, createLogger({ level: 'silent' }))).rejects.toThrow('already exists');
  await vi.waitFor(async () => expect(await connectionsTo(url)).toBe(0), soon);
});

test('a start that fails on its held mails gives its connections back', async () => {
  const url = await postgres.database();
  const db = await openPostgres(url, createLogger({ level: 'silent' }));
  await createOutbox(db, { siteUrl: addresses.siteUrl, hold: true }).enqueue(draft);
  await sql`create function fail() returns trigger language plpgsql as $$ begin raise 'broken'; end $$`.execute(
    db.queries,
  );
  await sql`create trigger fail before update on mail for each row execute function fail()`.execute(
    db.queries,
  );
  await db.close();
  const { mail } = testMail({ DATABASE_URL: url, SMTP_URL: 'smtp://127.0.0.1:1' });
  await expect(mail.send(draft)).rejects.toMatchObject({ reason: 'mail_unavailable' });
  await mail.stop();
  await vi.waitFor(async () => expect(await connectionsTo(url)).toBe(0), soon);
});

test('copyToPostgres copies a large outbox with its inbox, in several steps', async () => {
  const dataDir = tempDir();
  const url = await postgres.database();
  const log = createLogger({ level: 'silent' });
  const source = await openSqlite(dataDir, log);
  const before = createOutbox(source, { siteUrl: addresses.siteUrl });
  const receipts = await Promise.all(Array.from({ length: 401 }, () => before.enqueue(draft)));
  for (const { id } of receipts.slice(0, 3)) await before.inbox.deliver(id, `raw of ${id}`);
  await source.close();
  expect(await copyToPostgres({ dataDir, url, log })).toContainEqual({
    table: 'mail',
    copied: 401,
    skipped: 0,
  });
  await vi.waitFor(async () => expect(await connectionsTo(url)).toBe(0), soon);
  // SQLite deletes it with the last connection.
  expect(existsSync(join(dataDir, 'typed-bff.sqlite-wal'))).toBe(false);
  const target = await openPostgres(url, log);
  onTestFinished(() => target.close());
  const outbox = createOutbox(target, { siteUrl: addresses.siteUrl });
  const stored = await outbox.list({ limit: 1_000 });
  expect(stored.map(({ id }) => id).sort()).toEqual(receipts.map(({ id }) => id).sort());
  expect(await outbox.inbox.list()).toHaveLength(3);
  const [first] = receipts;
  expect(await outbox.inbox.get(first?.id ?? '')).toMatchObject({ raw: `raw of ${first?.id}` });
});

test('copyToPostgres copies ids, keys and states from SQLite, and skips mails already copied', async () => {
  const dataDir = tempDir();
  const url = await postgres.database();
  const log = createLogger({ level: 'silent' });
  const source = await openSqlite(dataDir, log);
  const before = createOutbox(source, { siteUrl: addresses.siteUrl });
  const keyed = await before.enqueue({ ...draft, idempotencyKey: 'the-key' });
  const sent = await before.enqueue(draft);
  const first = await before.claim();
  if (first) await before.complete(first.id, first.token);
  // Claimed by a process that ended before recording an outcome.
  const second = await before.claim();
  expect([first?.id, second?.id].sort()).toEqual([keyed.id, sent.id].sort());
  await source.close();

  expect(await copyToPostgres({ dataDir, url, log })).toContainEqual({
    table: 'mail',
    copied: 2,
    skipped: 0,
  });
  expect(await copyToPostgres({ dataDir, url, log })).toContainEqual({
    table: 'mail',
    copied: 0,
    skipped: 2,
  });
  const target = await openPostgres(url, log);
  try {
    const outbox = createOutbox(target, { siteUrl: addresses.siteUrl });
    expect(await outbox.counts()).toMatchObject({ sent: 1, queued: 1, sending: 0 });
    expect(await outbox.claim()).toMatchObject({ id: second?.id, attempt: 2 });
    expect(await outbox.enqueue({ ...draft, idempotencyKey: 'the-key' })).toMatchObject({
      id: keyed.id,
      messageId: keyed.messageId,
      duplicate: true,
    });
  } finally {
    await target.close();
  }
});
