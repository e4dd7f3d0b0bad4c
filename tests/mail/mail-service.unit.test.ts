import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { MailEvent } from '#server/mail/events.ts';
import type { Mail, MailEnv } from '#server/mail/mail-service.ts';
import { draft, eventually, tempDir, testMail, testSmtpServer } from './support.ts';

const suspected = { ...draft, suspicion: 'hidden_field' } as const;
/** Delivers to the inbox of the product. */
const toInbox = { NODE_ENV: 'test' } as const;
const hour = 60 * 60_000;
const untilSent = (mail: Mail, id: string) =>
  eventually(async () => expect((await mail.status(id)).status).toBe('sent'));

test.each<[MailEvent, Partial<MailEnv>, typeof draft]>([
  ['accepted', { SMTP_URL: 'smtp://127.0.0.1:1' }, draft],
  ['accepted', toInbox, draft],
  ['held', {}, draft],
  ['suspected', toInbox, suspected],
  ['suspected', {}, suspected],
])(
  'a mail is counted as %s with the settings %j, and as a duplicate when it is repeated',
  async (event, env, mail) => {
    const service = testMail(env);
    const keyed = { ...mail, idempotencyKey: 'form-1' };
    const logged = () => service.lines.filter((line) => line.includes('suspected mail kept')).length;
    const expected = event === 'suspected' ? 1 : 0;
    await service.mail.send(keyed);
    expect(logged()).toBe(expected);
    await service.mail.send(keyed);
    expect(service.events).toEqual([event, 'duplicate']);
    expect(logged()).toBe(expected);
  },
);

test('a mail server that is missing is logged at the start', () => {
  const held = testMail({});
  held.mail.start();
  expect(held.lines).toEqual([expect.stringContaining('SMTP_URL is not set')]);
  const inbox = testMail(toInbox);
  inbox.mail.start();
  expect(inbox.lines).toEqual([]);
});

test('without a mail server, a service can be woken, and leaves no timer when it is paused', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { mail } = testMail({});
  mail.start();
  expect(vi.getTimerCount()).toBe(1);
  mail.wake();
  await mail.pause();
  expect(vi.getTimerCount()).toBe(0);
});

describe('a worker', () => {
  /** Creates the mail service of a worker, with the function that wakes the worker that delivers. */
  function workerMail() {
    const wakeMailLeader = vi.fn();
    const { mail } = testMail(toInbox, { pollInterval: hour }, { coordinator: { wakeMailLeader } });
    return { mail, wakeMailLeader };
  }

  test('that does not deliver wakes the one that does, for each mail that is accepted or queued again', async () => {
    const { mail, wakeMailLeader } = workerMail();
    const { id } = await mail.send(draft);
    expect(wakeMailLeader).toHaveBeenCalledTimes(1);
    await mail.operations.requeue(id);
    expect(wakeMailLeader).toHaveBeenCalledTimes(2);
  });

  test('that delivers sends a mail at once and wakes no other', async () => {
    const { mail, wakeMailLeader } = workerMail();
    mail.start();
    const { id } = await mail.send(draft);
    await untilSent(mail, id);
    expect(wakeMailLeader).toHaveBeenCalledTimes(0);
  });

  test('that has paused accepts mails, leaves them to another, and can start again', async () => {
    const { mail, wakeMailLeader } = workerMail();
    mail.start();
    await mail.pause();
    const { id } = await mail.send(draft);
    expect(wakeMailLeader).toHaveBeenCalledTimes(1);
    expect((await mail.status(id)).status).toBe('queued');
    mail.start();
    await untilSent(mail, id);
  });

  test('that is woken looks for mails of others', async () => {
    const DATA_DIR = tempDir();
    const delivering = testMail({ ...toInbox, DATA_DIR }, { pollInterval: hour }).mail;
    delivering.start();
    await untilSent(delivering, (await delivering.send(draft)).id);
    const { id } = await testMail({ ...toInbox, DATA_DIR }).mail.send(draft);
    delivering.wake();
    await untilSent(delivering, id);
  });
});

describe('the operator', () => {
  test('queues a dead mail again, and it is attempted at once', async () => {
    const smtp = await testSmtpServer({ rcpt: (nth) => (nth === 1 ? 550 : undefined) });
    const { mail, events } = testMail({ SMTP_URL: smtp.url }, { pollInterval: hour });
    mail.start();
    const { id } = await mail.send(draft);
    await eventually(() => expect(events).toEqual(['accepted', 'dead']));
    await eventually(async () => expect((await mail.status(id)).status).toBe('dead'));
    expect(await mail.operations.requeue(id)).toBe(true);
    await untilSent(mail, id);
  });

  test('lists, reads, counts and discards mails', async () => {
    const { mail } = testMail({});
    const { id } = await mail.send(draft);
    expect(await mail.operations.list({ limit: 10 })).toMatchObject([{ id, status: 'held' }]);
    expect(await mail.operations.get(id)).toMatchObject({ id, contents: draft.contents });
    expect(await mail.operations.counts()).toMatchObject({ held: 1 });
    expect(await mail.operations.discard(id)).toBe(true);
    expect(await mail.operations.counts()).toMatchObject({ held: 0 });
  });
});

test('old sent mails are deleted while mails are delivered, and the storage stays closed after the end', async () => {
  const DATA_DIR = tempDir();
  const { mail } = testMail({ ...toInbox, DATA_DIR }, { sentKeptFor: 0, sweepInterval: 10 });
  mail.start();
  const { id } = await mail.send(draft);
  await eventually(() => expect(mail.status(id)).rejects.toMatchObject({ reason: 'not_found' }));
  await mail.stop();
  await delay(100);
  // SQLite deletes it when the last connection is closed.
  expect(existsSync(join(DATA_DIR, 'typed-bff.sqlite-wal'))).toBe(false);
});

test('the inbox has the subject, the sender and both parts of a message', async () => {
  const { mail } = testMail({ ...toInbox, SITE_URL: 'https://site.example:8443' });
  mail.start();
  const { id } = await mail.send({ email: draft.email, contents: 'One & two' });
  await untilSent(mail, id);
  const entry = await mail.inbox?.get(id);
  expect(entry).toEqual({
    id,
    receivedAt: expect.any(Date),
    subject: 'Message through site.example:8443',
    from: draft.email,
    to: 'owner@site.example',
    isRead: false,
    link: null,
    text: 'One & two',
    raw: expect.stringContaining('One & two'),
    html: expect.stringContaining('One &amp; two'),
  });
});
