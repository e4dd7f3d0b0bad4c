import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { createOutbox } from '#server/mail/outbox.ts';
import { createFleet } from '#tests/chaos/fleet.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import {
  addresses,
  draft,
  eventually,
  onEachEngine,
  openStorage,
  type StorageEnv,
  storageEnv,
  tempDir,
  testMail,
  testSmtpServer,
} from './support.ts';

onEachEngine((engine) => {
  let postgres: PostgresServer | undefined;
  let storage: StorageEnv;

  beforeAll(async () => {
    if (engine === 'postgres') postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres?.close());
  beforeEach(async () => {
    storage = await storageEnv(postgres);
  });

  it('killed between COMMIT and answer: the same key again is the same mail, once', async () => {
    const smtp = await testSmtpServer();
    const keyed = { ...draft, idempotencyKey: 'form-1' };
    const env = { NODE_ENV: 'production', SITE_URL: addresses.siteUrl, ...storage };
    // What a service records of a mail comes after COMMIT and before the answer.
    const script = `
      import { createLogger } from '#server/observability/log.ts';
      import { createMail } from '#server/mail/mail-service.ts';
      const record = () => process.kill(process.pid, 'SIGKILL');
      const mail = createMail({ env: JSON.parse(process.argv[1]), log: createLogger({ level: 'silent' }), record });
      await mail.send(JSON.parse(process.argv[2]));
      process.stdout.write('answered');`;
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', script, JSON.stringify(env), JSON.stringify(keyed)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
    });
    const [, signal] = await once(child, 'close');
    expect([signal, said]).toEqual(['SIGKILL', '']);

    const { mail } = testMail({ ...storage, SMTP_URL: smtp.url });
    const again = await mail.send(keyed);
    expect(again).toMatchObject({ status: 'queued', duplicate: true });
    mail.start();
    await eventually(async () => expect((await mail.status(again.id)).status).toBe('sent'));
    expect(await mail.operations.counts()).toEqual({ queued: 0, sending: 0, sent: 1, dead: 0, held: 0 });
    expect(smtp.messages.map(({ parsed }) => parsed.messageId)).toEqual([again.messageId]);
  });

  it('two processes race for a thousand mails: each is sent once', { timeout: 300_000 }, async () => {
    let begun = 0;
    let go: (() => void) | undefined;
    const bothBegan = new Promise<void>((resolve) => (go = resolve));
    const smtp = await testSmtpServer({
      // A process sends one mail at a time: with two in hand, both are in the race from its start.
      beforeAnswer: () => {
        if (++begun === 2) go?.();
        return bothBegan;
      },
    });
    const db = await openStorage(storage);
    const outbox = createOutbox(db, addresses);
    const expected: string[] = [];
    await db.queries.transaction().execute(async (transaction) => {
      const { enqueue } = createOutbox({ ...db, write: (statements) => statements(transaction) }, addresses);
      while (expected.length < 1_000) expected.push((await enqueue(draft)).messageId);
    });
    const fleet = createFleet({
      cacheFolder: tempDir(),
      env: {
        ...storage,
        SMTP_URL: smtp.url,
        SITE_URL: addresses.siteUrl,
        MAIL_TO: addresses.to,
        MAIL_FROM: addresses.from,
      },
      timing: { pollInterval: 50, socketTimeout: 30_000, backoffBase: 20, backoffCap: 200 },
    });
    onTestFinished(() => fleet.close());
    fleet.start();
    fleet.start();
    while ((await outbox.counts()).sent < expected.length) await delay(50);
    expect(await fleet.stop()).toEqual([0, 0]);
    expect(smtp.messages.map(({ parsed }) => parsed.messageId).sort()).toEqual(expected.sort());
    expect(await outbox.counts()).toEqual({ queued: 0, sending: 0, sent: 1_000, dead: 0, held: 0 });
  });

  it('a lease that ends while its owner still sends: the mail is sent anew, and the late outcome changes nothing', async () => {
    let answer: (() => void) | undefined;
    const first = await testSmtpServer({ beforeAnswer: () => new Promise<void>((go) => (answer = go)) });
    const second = await testSmtpServer();
    const slow = testMail({ ...storage, SMTP_URL: first.url }, { lease: 300 });
    slow.mail.start();
    const { id, messageId } = await slow.mail.send(draft);
    await eventually(() => expect(first.messages).toHaveLength(1));

    const quick = testMail({ ...storage, SMTP_URL: second.url }, { lease: 300 });
    quick.mail.start();
    const sent = await eventually(async () => {
      const state = await quick.mail.status(id);
      expect(state).toMatchObject({ status: 'sent', attempts: 2 });
      return state;
    });
    answer?.();
    await eventually(() => expect(slow.lines.join()).toContain('mail sent after its lease had ended'));
    expect(await quick.mail.status(id)).toEqual(sent);
    expect([...first.messages, ...second.messages].map(({ parsed }) => parsed.messageId)).toEqual([
      messageId,
      messageId,
    ]);
  });

  it('one that is told to stop finishes the mail in hand and takes no other', async () => {
    let answer: (() => void) | undefined;
    const smtp = await testSmtpServer({ beforeAnswer: () => new Promise<void>((go) => (answer = go)) });
    const { mail } = testMail({ ...storage, SMTP_URL: smtp.url });
    const receipts = [await mail.send(draft), await mail.send(draft)];
    mail.start();
    await eventually(() => expect(smtp.messages).toHaveLength(1));
    const stopped = mail.stop();
    answer?.();
    await stopped;
    const states = await Promise.all(receipts.map(({ id }) => mail.status(id)));
    expect(states.map(({ status }) => status).sort()).toEqual(['queued', 'sent']);
    expect(smtp.messages).toHaveLength(1);
  });

  it('a dispatcher wakes at once for a mail of its own, and by its timer for one of another process', async () => {
    const smtp = await testSmtpServer();
    const hour = 60 * 60_000;
    const { mail } = testMail({ ...storage, SMTP_URL: smtp.url }, { pollInterval: hour });
    mail.start();
    // Started once more, as a second module instance might: still one dispatcher.
    mail.start();
    const own = await mail.send(draft);
    await eventually(async () => expect((await mail.status(own.id)).status).toBe('sent'));
    await mail.stop();

    const polling = testMail({ ...storage, SMTP_URL: smtp.url }, { pollInterval: 20 }).mail;
    polling.start();
    const other = await createOutbox(await openStorage(storage), addresses).enqueue(draft);
    await eventually(async () => expect((await polling.status(other.id)).status).toBe('sent'));
    expect(smtp.messages).toHaveLength(2);
  });
});
