import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { addresses, draft, eventually, tempDir, testMail, testSmtpServer } from './support.ts';

describe('a process that exits', () => {
  it('leaves accepted mails to the next process', async () => {
    const server = await testSmtpServer();
    const env = { SMTP_URL: server.url, DATA_DIR: tempDir() };
    const before = testMail(env).mail;
    const receipts = [await before.send(draft), await before.send(draft)];
    await before.stop();
    expect(server.messages).toEqual([]);

    const after = testMail(env).mail;
    after.start();
    for (const { id } of receipts) {
      await eventually(async () => expect((await after.status(id)).status).toBe('sent'));
    }
    expect(server.messages.map(({ parsed }) => parsed.messageId)).toEqual(
      receipts.map(({ messageId }) => messageId),
    );
  });

  it('has stored every mail it returned a receipt for, even if killed', async () => {
    const server = await testSmtpServer();
    const env = { SMTP_URL: server.url, DATA_DIR: tempDir() };
    const script = `
      import { createLogger } from '#server/observability/log.ts';
      import { createMail } from '#server/mail/mail-service.ts';
      import { createLazyDatabase } from '#server/storage/lazy-database.ts';
      const env = JSON.parse(process.argv[1]);
      const log = createLogger({ level: 'silent' });
      const mail = createMail({ env, log, database: createLazyDatabase({ env, log }) });
      const receipt = await mail.send(JSON.parse(process.argv[2]));
      process.stdout.write(receipt.id, () => process.kill(process.pid, 'SIGKILL'));`;
    const childEnv = { NODE_ENV: 'production', SITE_URL: addresses.siteUrl, ...env };
    const child = spawn(
      process.execPath,
      ['--input-type=module', '--eval', script, JSON.stringify(childEnv), JSON.stringify(draft)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [id, [, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    expect(signal).toBe('SIGKILL');

    const after = testMail(env).mail;
    after.start();
    await eventually(async () => expect((await after.status(id)).status).toBe('sent'));
    expect(server.messages.map(({ parsed }) => parsed.messageId)).toEqual([`<${id}@site.example>`]);
  });

  it('aborts the running attempt after the grace period and requeues the mail', async () => {
    let reached = false;
    const server = await testSmtpServer({
      rcpt: (nth) => {
        reached = true;
        return nth === 1 ? 'hang' : undefined;
      },
    });
    const env = { SMTP_URL: server.url, DATA_DIR: tempDir() };
    const before = testMail(env, { stopGrace: 1 }).mail;
    before.start();
    const { id } = await before.send(draft);
    await eventually(() => expect(reached).toBe(true));
    await before.stop();
    expect(await before.status(id)).toMatchObject({ status: 'queued', attempts: 0 });

    const after = testMail(env).mail;
    after.start();
    await eventually(async () => expect((await after.status(id)).status).toBe('sent'));
    expect(server.messages).toHaveLength(1);
  });
});

describe('production without SMTP_URL', () => {
  it('holds mails and delivers them once it is set', async () => {
    const DATA_DIR = tempDir();
    const held = testMail({ DATA_DIR }, { giveUpAfter: 0 }).mail;
    held.start();
    const receipt = await held.send({ ...draft, idempotencyKey: 'k' });
    expect(held.mode).toBe('held');
    expect(held.inbox).toBeNull();
    expect(receipt).toMatchObject({ status: 'held', duplicate: false });
    expect(await held.send({ ...draft, idempotencyKey: 'k' })).toEqual({ ...receipt, duplicate: true });
    expect(await held.status(receipt.id)).toMatchObject({ status: 'held', attempts: 0, sentAt: null });
    await held.stop();

    const server = await testSmtpServer();
    const sending = testMail({ DATA_DIR, SMTP_URL: server.url }).mail;
    sending.start();
    await eventually(async () => expect((await sending.status(receipt.id)).status).toBe('sent'));
    expect(server.messages.map(({ parsed }) => parsed.messageId)).toEqual([receipt.messageId]);
  });
});

describe('storage that cannot be opened', () => {
  it('rejects with mail_unavailable, and is opened again by the next call', async () => {
    const server = await testSmtpServer();
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    const env = { SMTP_URL: server.url, DATA_DIR: join(file, 'data') };
    const { mail, lines } = testMail(env);
    mail.start();
    await expect(mail.send(draft)).rejects.toMatchObject({ reason: 'mail_unavailable', httpStatus: 503 });
    await expect(mail.status('x')).rejects.toMatchObject({ reason: 'mail_unavailable' });
    await eventually(() => expect(lines.join()).toContain('the database cannot be written'));

    rmSync(file);
    const { id } = await mail.send(draft);
    await eventually(async () => expect((await mail.status(id)).status).toBe('sent'));
    expect(lines.filter((line) => line.includes('the database cannot be written'))).toHaveLength(1);
  });

  it('rejects with mail_unavailable when the file is not a database', async () => {
    const DATA_DIR = tempDir();
    writeFileSync(
      join(DATA_DIR, 'typed-bff.sqlite'),
      'not a database, but long enough to look at '.repeat(20),
    );
    const { mail } = testMail({ DATA_DIR });
    await expect(mail.send(draft)).rejects.toMatchObject({ reason: 'mail_unavailable' });
  });
});
