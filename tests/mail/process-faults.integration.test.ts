import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createOutbox } from '#server/mail/outbox.ts';
import { createFleet } from '#tests/chaos/fleet.ts';
import { onEachStorage } from '#tests/support/each-database.ts';
import { addresses, draft, eventually, openStorage, tempDir, testMail, testSmtpServer } from './support.ts';

onEachStorage((storage) => {
  it('killed between COMMIT and response: a retry with the same key returns the same mail, sent once', async () => {
    const smtp = await testSmtpServer();
    const keyed = { ...draft, idempotencyKey: 'form-1' };
    const env = { NODE_ENV: 'production', SITE_URL: addresses.siteUrl, ...storage() };
    // The mail service calls `record` after COMMIT and before it responds.
    const script = `
      import { createLogger } from '#server/observability/log.ts';
      import { createMail } from '#server/mail/mail-service.ts';
      import { createLazyDatabase } from '#server/storage/lazy-database.ts';
      const record = () => process.kill(process.pid, 'SIGKILL');
      const env = JSON.parse(process.argv[1]);
      const log = createLogger({ level: 'silent' });
      const mail = createMail({ env, log, database: createLazyDatabase({ env, log }), record });
      await mail.send(JSON.parse(process.argv[2]));
      process.stdout.write('responded');`;
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', script, JSON.stringify(env), JSON.stringify(keyed)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
    });
    const [, signal] = await once(child, 'close');
    expect([signal, output]).toEqual(['SIGKILL', '']);

    const { mail } = testMail({ ...storage(), SMTP_URL: smtp.url });
    const retried = await mail.send(keyed);
    expect(retried).toMatchObject({ status: 'queued', duplicate: true });
    mail.start();
    await eventually(async () => expect((await mail.status(retried.id)).status).toBe('sent'));
    expect(await mail.operations.counts()).toEqual({
      queued: 0,
      sending: 0,
      sent: 1,
      dead: 0,
      held: 0,
      suspected: 0,
    });
    expect(smtp.messages.map(({ parsed }) => parsed.messageId)).toEqual([retried.messageId]);
  });

  it('two processes compete for 300 mails, and each mail is sent once', {
    timeout: 300_000,
  }, async () => {
    let started = 0;
    const bothStarted = Promise.withResolvers<void>();
    const smtp = await testSmtpServer({
      // A process sends one mail at a time. Waiting for two mails makes both processes compete from the start.
      beforeReply: () => {
        if (++started === 2) bothStarted.resolve();
        return bothStarted.promise;
      },
    });
    const db = await openStorage(storage());
    const outbox = createOutbox(db, addresses);
    const expected: string[] = [];
    while (expected.length < 300) expected.push((await outbox.enqueue(draft)).messageId);
    const fleet = createFleet({
      cacheFolder: tempDir(),
      env: {
        ...storage(),
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
    expect(await outbox.counts()).toEqual({
      queued: 0,
      sending: 0,
      sent: 300,
      dead: 0,
      held: 0,
      suspected: 0,
    });
  });

  it('a lease that expires during an attempt: the mail is sent again, and the late outcome is ignored', async () => {
    let reply: (() => void) | undefined;
    const first = await testSmtpServer({
      beforeReply: () => new Promise<void>((resolve) => (reply = resolve)),
    });
    const second = await testSmtpServer();
    const slow = testMail({ ...storage(), SMTP_URL: first.url }, { lease: 300 });
    slow.mail.start();
    const { id, messageId } = await slow.mail.send(draft);
    await eventually(() => expect(first.messages).toHaveLength(1));

    const quick = testMail({ ...storage(), SMTP_URL: second.url }, { lease: 300 });
    quick.mail.start();
    const sent = await eventually(async () => {
      const state = await quick.mail.status(id);
      expect(state).toMatchObject({ status: 'sent', attempts: 2 });
      return state;
    });
    reply?.();
    await eventually(() => expect(slow.lines.join()).toContain('mail sent after its lease expired'));
    expect(await quick.mail.status(id)).toEqual(sent);
    expect([...first.messages, ...second.messages].map(({ parsed }) => parsed.messageId)).toEqual([
      messageId,
      messageId,
    ]);
  });

  it('stop() finishes the running attempt and claims no further mail', async () => {
    let reply: (() => void) | undefined;
    const smtp = await testSmtpServer({
      beforeReply: () => new Promise<void>((resolve) => (reply = resolve)),
    });
    const { mail } = testMail({ ...storage(), SMTP_URL: smtp.url });
    const receipts = [await mail.send(draft), await mail.send(draft)];
    mail.start();
    await eventually(() => expect(smtp.messages).toHaveLength(1));
    const stopped = mail.stop();
    reply?.();
    await stopped;
    const states = await Promise.all(receipts.map(({ id }) => mail.status(id)));
    expect(states.map(({ status }) => status).sort()).toEqual(['queued', 'sent']);
    expect(smtp.messages).toHaveLength(1);
  });

  it('a dispatcher sends its own mails immediately, and those of other processes on its next poll', async () => {
    const smtp = await testSmtpServer();
    const hour = 60 * 60_000;
    const { mail } = testMail({ ...storage(), SMTP_URL: smtp.url }, { pollInterval: hour });
    mail.start();
    // A second start, such as by a second module instance, does not create a second dispatcher.
    mail.start();
    const own = await mail.send(draft);
    await eventually(async () => expect((await mail.status(own.id)).status).toBe('sent'));
    await mail.stop();

    const polling = testMail({ ...storage(), SMTP_URL: smtp.url }, { pollInterval: 20 }).mail;
    polling.start();
    const other = await createOutbox(await openStorage(storage()), addresses).enqueue(draft);
    await eventually(async () => expect((await polling.status(other.id)).status).toBe('sent'));
    expect(smtp.messages).toHaveLength(2);
  });
});
