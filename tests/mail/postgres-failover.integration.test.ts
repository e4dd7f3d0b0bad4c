import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, vi } from 'vitest';
import type { Mail } from '#server/mail/mail-service.ts';
import { type PostgresServer, startPostgres, startStandby } from '#tests/support/postgres.ts';
import { testWith } from '#tests/support/skip.ts';
import type { TestSmtpServer } from '#tests/support/smtp-server.ts';
import { startTcpProxy } from '#tests/support/tcp-proxy.ts';
import { draft, testMail, testSmtpServer } from './support.ts';

const test = testWith('postgres');

let primary: PostgresServer;
let url: string;
beforeAll(async () => {
  primary = await startPostgres();
}, 120_000);
beforeEach(async () => {
  url = await primary.database();
});
afterAll(() => primary.close());

/** Servers start and recover within this time on a slow machine. */
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 60_000, interval: 50 });

/** A claim whose response was lost is repeated after this time. */
const lease = 10_000;

function urlAt(port: number, database?: string): string {
  const at = new URL(url);
  at.port = String(port);
  if (database !== undefined) at.pathname = database;
  return at.href;
}

/** Connects as the operator. */
async function connectTo(port: number): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: urlAt(port, 'postgres') });
  // The server also ends this connection when it stops.
  client.on('error', () => undefined);
  await client.connect();
  onTestFinished(() => client.end().catch(() => undefined));
  return client;
}

const endConnections =
  "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'typed-bff'";

/** Sends mails as callers do who repeat a call with its key until it is accepted. */
function sendUntilAccepted(mail: Mail, prefix: string, count: number): Promise<string>[] {
  return Array.from({ length: count }, (_, n) =>
    eventually(async () => (await mail.send({ ...draft, idempotencyKey: `${prefix}-${n}` })).messageId),
  );
}

/** Waits until all mails are sent. Asserts that the mail server got exactly these mails, each once. */
async function expectSentOnce(mail: Mail, smtp: TestSmtpServer, messageIds: string[]): Promise<void> {
  const sent = messageIds.length;
  await eventually(async () =>
    expect(await mail.operations.counts()).toMatchObject({ queued: 0, sending: 0, sent, dead: 0, held: 0 }),
  );
  expect(smtp.messages.map(({ parsed }) => parsed.messageId).sort()).toEqual(messageIds.toSorted());
}

test('connections that end again and again: no accepted mail is lost, none is sent twice', {
  timeout: 180_000,
}, async () => {
  const smtp = await testSmtpServer();
  const { mail } = testMail({ DATABASE_URL: url, SMTP_URL: smtp.url }, { lease });
  mail.start();
  const operator = await connectTo(primary.port);
  const accepted: Promise<string>[] = [];
  for (let round = 0; round < 10; round += 1) {
    accepted.push(...sendUntilAccepted(mail, `round-${round}`, 5));
    await delay(20);
    await operator.query(endConnections);
  }
  await expectSentOnce(mail, smtp, await Promise.all(accepted));
});

test('a failover to a synchronous replica, back to the old server, now read-only, and to the new one again', {
  timeout: 300_000,
}, async () => {
  const replica = await startStandby(urlAt(primary.port, 'postgres'));
  onTestFinished(() => replica.close());
  // From here on, a COMMIT is on both servers. Set by the command line, because the replica has the same files.
  await primary.stop();
  await primary.start(['synchronous_standby_names=*']);
  const operator = await connectTo(primary.port);
  await eventually(async () => {
    const { rows } = await operator.query("select 1 from pg_stat_replication where sync_state = 'sync'");
    expect(rows).toHaveLength(1);
  });
  const proxy = await startTcpProxy(primary.port);
  onTestFinished(proxy.close);
  const smtp = await testSmtpServer();
  const { mail } = testMail({ DATABASE_URL: urlAt(proxy.port), SMTP_URL: smtp.url }, { lease });
  mail.start();

  const accepted = sendUntilAccepted(mail, 'before', 10);
  await Promise.all(accepted);
  accepted.push(...sendUntilAccepted(mail, 'during', 10));
  await primary.stop();
  await expect(mail.send(draft)).rejects.toMatchObject({ reason: 'mail_unavailable' });
  await eventually(async () => expect(await mail.check()).toBe('unreachable'));
  await replica.promote();
  proxy.redirect(replica.port);
  await eventually(async () => expect(await mail.check()).toBe('ok'));
  await Promise.all(accepted);

  // The address leads to the old server by mistake.
  await primary.start(['default_transaction_read_only=on']);
  proxy.redirect(primary.port);
  await (await connectTo(replica.port)).query(endConnections);
  await eventually(async () => expect(await mail.check()).toBe('read_only'));
  await expect(mail.send(draft)).rejects.toMatchObject({ reason: 'mail_unavailable' });

  // The connections to the read-only server are still open, and must not be used any more.
  proxy.redirect(replica.port);
  await eventually(async () => expect(await mail.check()).toBe('ok'));
  accepted.push(...sendUntilAccepted(mail, 'after', 10));
  await expectSentOnce(mail, smtp, await Promise.all(accepted));
});
