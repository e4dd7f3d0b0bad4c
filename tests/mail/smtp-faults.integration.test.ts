import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Mail } from '#server/mail/mail-service.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import type { Fault, FaultAt, SmtpScript } from '#tests/support/smtp-server.ts';
import {
  draft,
  eventually,
  onEachEngine,
  openStorage,
  pass,
  type StorageEnv,
  tempDir,
  testMail,
  testSmtpServer,
} from './support.ts';

const day = 24 * 60 * 60_000;
const shortTimeouts = { connectionTimeout: 150, socketTimeout: 150 };

/** The fault occurs on the first two occasions. */
const twice =
  (fault: Fault): FaultAt =>
  (nth) =>
    nth <= 2 ? fault : undefined;
const once =
  (fault: Fault): FaultAt =>
  (nth) =>
    nth === 1 ? fault : undefined;

const waitForStatus = (mail: Mail, id: string, status: string) =>
  eventually(async () => {
    const state = await mail.status(id);
    expect(state.status).toBe(status);
    return state;
  });

const logged = (lines: string[], message: string) => lines.filter((line) => line.includes(message));

onEachEngine((engine) => {
  let postgres: PostgresServer | undefined;
  let database: string | undefined;
  let storage: StorageEnv;

  beforeAll(async () => {
    if (engine === 'postgres') postgres = await startPostgres();
    database = await postgres?.database();
  }, 60_000);
  afterAll(() => postgres?.close());
  beforeEach(() => {
    storage = { DATA_DIR: tempDir(), DATABASE_URL: database };
  });

  async function startMail(script: SmtpScript, timing: Parameters<typeof testMail>[1] = {}) {
    const smtp = await testSmtpServer(script);
    const { mail, lines } = testMail({ ...storage, SMTP_URL: smtp.url }, timing);
    mail.start();
    return { smtp, mail, lines };
  }

  it.each<[string, SmtpScript]>([
    ['MAIL', { mailFrom: twice(451) }],
    ['RCPT', { rcpt: twice(450) }],
    ['DATA', { dataCommand: twice(451) }],
    ['the end of the data', { data: twice(452) }],
  ])('4xx at %s: retried until accepted', async (_stage, script) => {
    const { smtp, mail } = await startMail(script);
    const { id, messageId } = await mail.send(draft);
    expect(await waitForStatus(mail, id, 'sent')).toMatchObject({ attempts: 3 });
    expect(new Set(smtp.messages.map(({ parsed }) => parsed.messageId))).toEqual(new Set([messageId]));
    expect(smtp.messages.filter(({ fault }) => fault === undefined)).toHaveLength(1);
  });

  it.each<[string, SmtpScript]>([
    ['MAIL', { mailFrom: once(550) }],
    ['RCPT', { rcpt: once(550) }],
    ['DATA', { dataCommand: once(554) }],
    ['the end of the data', { data: once(552) }],
  ])('5xx at %s: marked dead, and the next mail is sent', async (_stage, script) => {
    const { smtp, mail } = await startMail(script);
    const rejected = await mail.send(draft);
    expect(await waitForStatus(mail, rejected.id, 'dead')).toMatchObject({ attempts: 1, sentAt: null });
    const accepted = await mail.send(draft);
    await waitForStatus(mail, accepted.id, 'sent');
    expect(
      smtp.messages.filter(({ fault }) => fault === undefined).map(({ parsed }) => parsed.messageId),
    ).toEqual([accepted.messageId]);
  });

  it.each<[string, SmtpScript]>([
    ['a 554 greeting', { greeting: twice(554) }],
    ['a 421 greeting', { greeting: twice(421) }],
    ['a connection cut before the greeting', { greeting: twice('drop') }],
    ['no greeting', { greeting: twice('hang') }],
  ])('%s: the transport is down, and no attempt is counted', async (_case, script) => {
    const { smtp, mail, lines } = await startMail(script, shortTimeouts);
    const { id, messageId } = await mail.send(draft);
    expect(await waitForStatus(mail, id, 'sent')).toMatchObject({ attempts: 1 });
    expect(logged(lines, 'mail transport is down')).toHaveLength(2);
    expect(smtp.messages.map(({ parsed }) => parsed.messageId)).toEqual([messageId]);
  });

  it.each<[string, SmtpScript, RegExp]>([
    ['535', { credentials: { user: 'site', pass: 'right' } }, /AUTH \w+ 535/],
    ['an untrusted certificate', { untrustedTls: true }, /CONN ESOCKET/],
  ])('%s: mails stay queued until the transport is fixed', async (_case, script, summary) => {
    const smtp = await testSmtpServer(script);
    const SMTP_URL = smtp.url.replace('//', '//site:wrong@');
    const { mail, lines } = testMail({ ...storage, SMTP_URL }, { giveUpAfter: 0, minAttempts: 0 });
    mail.start();
    const receipts = [await mail.send(draft), await mail.send(draft)];
    await eventually(() => expect(logged(lines, 'mail transport is down').length).toBeGreaterThan(3));
    await mail.stop();
    expect(logged(lines, 'mail transport is down')[0]).toMatch(summary);
    expect(smtp.messages).toEqual([]);
    for (const { id } of receipts) {
      expect(await mail.status(id)).toMatchObject({ status: 'queued', attempts: 0 });
    }

    const fixed = await testSmtpServer();
    const next = testMail({ ...storage, SMTP_URL: fixed.url }).mail;
    next.start();
    for (const { id } of receipts)
      expect(await waitForStatus(next, id, 'sent')).toMatchObject({ attempts: 1 });
    expect(fixed.messages).toHaveLength(2);
  });

  it.each<[string, SmtpScript, number]>([
    ['silence at MAIL', { mailFrom: once('hang') }, 1],
    ['silence at RCPT', { rcpt: once('hang') }, 1],
    ['silence at DATA', { dataCommand: once('hang') }, 1],
    ['silence after the final dot', { data: once('hang') }, 2],
    ['a connection cut at RCPT', { rcpt: once('drop') }, 1],
    ['a connection cut before the final dot', { body: once('drop') }, 1],
    ['a connection cut after the final dot', { data: once('drop') }, 2],
  ])('%s: retried with the same message', async (_case, script, copies) => {
    const { smtp, mail } = await startMail(script, shortTimeouts);
    const { id, messageId } = await mail.send(draft);
    expect(await waitForStatus(mail, id, 'sent')).toMatchObject({ attempts: 2 });
    expect(smtp.messages.map(({ parsed }) => parsed.messageId)).toEqual(
      Array.from({ length: copies }, () => messageId),
    );
    expect(new Set(smtp.messages.map(({ raw }) => raw)).size).toBe(1);
  });

  it('a mail that always makes the server hang up is eventually marked dead', async () => {
    const { mail } = await startMail({ body: () => 'drop' }, { giveUpAfter: 0, minAttempts: 3 });
    const { id } = await mail.send(draft);
    expect(await waitForStatus(mail, id, 'dead')).toMatchObject({ attempts: 3 });
  });

  it('an outage longer than the retry period: no attempt is counted, and all mails are sent afterwards', async () => {
    const gone = await testSmtpServer();
    await gone.close();
    const { mail, lines } = testMail({ ...storage, SMTP_URL: gone.url });
    mail.start();
    const receipts = await Promise.all(Array.from({ length: 8 }, () => mail.send(draft)));
    await eventually(() => expect(logged(lines, 'mail transport is down').length).toBeGreaterThan(5));
    await pass({ open: () => openStorage(storage) }, 6 * day);
    await eventually(() => expect(logged(lines, 'mail transport is down').length).toBeGreaterThan(10));
    await mail.stop();
    for (const { id } of receipts) {
      expect(await mail.status(id)).toMatchObject({ status: 'queued', attempts: 0 });
    }

    // A server may greylist at first; that must not mark the mails dead.
    const smtp = await testSmtpServer({ rcpt: (nth) => (nth <= 8 ? 451 : undefined) }, gone.port);
    mail.start();
    for (const { id } of receipts) await waitForStatus(mail, id, 'sent');
    expect(smtp.messages.map(({ parsed }) => parsed.messageId).sort()).toEqual(
      receipts.map(({ messageId }) => messageId).sort(),
    );
  });
});
