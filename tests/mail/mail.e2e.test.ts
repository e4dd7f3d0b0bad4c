import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { createScriptClient } from '#client/node.ts';
import { createOutbox } from '#server/mail/outbox.ts';
import { createLogger } from '#server/observability/log.ts';
import { openSqlite } from '#server/storage/sqlite.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { launcher, runNode } from '#tests/support/processes.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import { startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';

const addresses = { MAIL_TO: 'owner@site.example', MAIL_FROM: 'website@site.example' };
const draft = {
  email: 'ada@visitor.example',
  name: 'Ada Lovelace',
  subject: 'A question about feeds',
  contents: 'Hello,\n.\nhow are you? Grüße 🌍',
};
const receiptSchema = z.object({
  id: z.string(),
  messageId: z.string(),
  status: z.string(),
  duplicate: z.boolean(),
});

type WithBaseUrl = Pick<Product, 'baseUrl'>;

async function send(product: WithBaseUrl, input: Record<string, unknown> = draft) {
  return receiptSchema.parse(await resultOf(await post(product, 'email.send', input)));
}

function until(product: WithBaseUrl, id: string, status: string) {
  const api = createScriptClient(product);
  return vi.waitFor(
    async () => {
      const state = await api.email.status.query({ id });
      expect(state.status).toBe(status);
      return state;
    },
    { timeout: 15_000, interval: 20 },
  );
}

async function dataDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'typed-bff-mail-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

describe('with a mail server', () => {
  let smtp: TestSmtpServer;
  let product: Product;

  beforeAll(async () => {
    smtp = await startSmtpServer();
    product = await startProduct({ SMTP_URL: smtp.url, ...addresses, DEMO: '' });
  });
  afterAll(async () => {
    await product.close();
    await smtp.close();
  });

  const messageOf = (messageId: string) =>
    smtp.messages.filter(({ parsed }) => parsed.messageId === messageId);

  test("a mail has the operator's envelope and the visitor's Reply-To, subject and text", async () => {
    const receipt = await send(product);
    const state = await until(product, receipt.id, 'sent');
    expect(state).toMatchObject({ attempts: 1, sentAt: expect.any(Date) });

    const [message, ...others] = messageOf(receipt.messageId);
    expect(others).toEqual([]);
    expect(message?.envelope).toEqual({ from: addresses.MAIL_FROM, to: [addresses.MAIL_TO] });
    expect(message?.parsed.from?.value).toEqual([{ name: 'Website', address: addresses.MAIL_FROM }]);
    expect(message?.parsed.to).toMatchObject({ value: [{ address: addresses.MAIL_TO }] });
    expect(message?.parsed.replyTo?.value).toEqual([{ name: draft.name, address: draft.email }]);
    expect(message?.parsed.subject).toBe(draft.subject);
    expect(message?.parsed.text?.trim()).toBe(draft.contents);
    expect(message?.parsed.headers.get('auto-submitted')).toBe('auto-generated');
    expect(message?.parsed.date?.getTime()).toBe(Math.floor(state.acceptedAt.getTime() / 1000) * 1000);
  });

  test("a visitor's input adds no header and no recipient", async () => {
    const receipt = await send(product, {
      ...draft,
      name: 'Eve\r\nBcc: victim@other.example',
      subject: 'Hi\r\nBcc: victim@other.example\r\n\r\nbody',
    });
    await until(product, receipt.id, 'sent');
    const [message] = messageOf(receipt.messageId);
    expect(message?.envelope).toEqual({ from: addresses.MAIL_FROM, to: [addresses.MAIL_TO] });
    expect(message?.parsed.headers.has('bcc')).toBe(false);
  });

  test('recipients, senders and attachments of the caller are rejected by name', async () => {
    const input = { ...draft, to: 'victim@other.example', from: 'x', attachments: [{ path: '/etc/passwd' }] };
    const { data } = await expectError(await post(product, 'email.send', input), {
      reason: 'invalid_input',
      path: 'email.send',
    });
    expect(data.fieldErrors).toEqual({
      to: ['Unknown field'],
      from: ['Unknown field'],
      attachments: ['Unknown field'],
    });
  });

  test('two calls with the same idempotency key send one mail', async () => {
    const input = { ...draft, idempotencyKey: 'contact-form-0001' };
    const first = await send(product, input);
    await until(product, first.id, 'sent');
    expect(await send(product, input)).toEqual({ ...first, status: 'sent', duplicate: true });

    // A later mail has arrived, so a duplicate would have arrived too.
    const marker = await send(product);
    await until(product, marker.id, 'sent');
    expect(messageOf(first.messageId)).toHaveLength(1);
  });

  // A multipart form sends line breaks as CRLF, even if the page has LF.
  test('the same message as JSON and as a form is recognized as a duplicate', async () => {
    const input = { ...draft, idempotencyKey: 'contact-form-0003' };
    const first = await send(product, input);
    const form = new FormData();
    for (const [name, value] of Object.entries(input)) form.set(name, value);
    const response = await fetch(`${product.baseUrl}/api/trpc/email.send`, { method: 'POST', body: form });
    const second = receiptSchema.parse(await resultOf(response));
    expect(second).toMatchObject({ id: first.id, duplicate: true });
  });

  test('twenty concurrent calls with the same key send one mail', async () => {
    const input = { ...draft, idempotencyKey: 'many-at-a-time' };
    const receipts = await Promise.all(Array.from({ length: 20 }, () => send(product, input)));
    expect(new Set(receipts.map(({ id }) => id)).size).toBe(1);
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
  });

  test('a key reused with other contents is a conflict', async () => {
    const idempotencyKey = 'contact-form-0002';
    await send(product, { ...draft, idempotencyKey });
    await expectError(await post(product, 'email.send', { ...draft, contents: 'Other', idempotencyKey }), {
      reason: 'idempotency_conflict',
      path: 'email.send',
    });
  });

  test('the inbox pages are a 404', async () => {
    const { id } = await send(product);
    await until(product, id, 'sent');
    for (const path of ['/inbox', `/inbox/${id}`, '/api/inbox']) {
      const response = await fetch(`${product.baseUrl}${path}`);
      expect(await response.text()).not.toContain(draft.email);
      expect(response.status, path).toBe(404);
    }
  });
});

describe('in the demo', () => {
  let product: Product;

  beforeAll(async () => {
    product = await startProduct({ ...addresses });
  });
  afterAll(() => product.close());

  test('the inbox shows the raw message', async () => {
    const { id, messageId } = await send(product, { ...draft, contents: 'Plain <b>words</b> & more' });
    await until(product, id, 'sent');
    expect(textOf(await page(product, '/inbox'))).toContain(draft.subject);

    const raw = textOf(
      /<pre[^>]*>([\s\S]*?)<\/pre>/.exec(await page(product, `/inbox/${id}?view=source`))?.[1] ?? '',
    );
    expect(raw).toContain(`Message-ID: ${messageId}`);
    expect(raw).toContain(`To: ${addresses.MAIL_TO}`);
    expect(raw).toContain(`Reply-To: ${draft.name} <${draft.email}>`);
    expect(raw).toContain('Plain <b>words</b> & more');
  });

  test('a missing message is reported as missing and marked noindex', async () => {
    const html = await page(product, '/inbox/nothing');
    expect(textOf(html)).toContain('Page not found');
    expect(html).toContain('<meta name="robots" content="noindex"/>');
  });
});

describe('without a mail server', () => {
  test('mails are held, and delivered after a restart with a mail server', async () => {
    const DATA_DIR = await dataDir();
    const before = await startProduct({ DATA_DIR, ...addresses, DEMO: '' });
    const receipt = await send(before).finally(async () => {
      expect(before.log()).toContain('SMTP_URL is not set');
      expect(await delivery(before)).toEqual({ state: 'held', needed: false });
      await before.close();
    });
    expect(receipt.status).toBe('held');

    const smtp = await startSmtpServer();
    onTestFinished(() => smtp.close());
    const after = await startProduct({ DATA_DIR, ...addresses, DEMO: '', SMTP_URL: smtp.url });
    onTestFinished(() => after.close());
    await until(after, receipt.id, 'sent');
    expect(await delivery(after)).toEqual({ state: 'smtp', needed: false });
    expect(smtp.messages.map(({ parsed }) => parsed.messageId)).toEqual([receipt.messageId]);
  });
});

test('on SIGTERM the current mail is finished, no other is begun, and the process exits', async () => {
  const DATA_DIR = await dataDir();
  let reply: (() => void) | undefined;
  const smtp = await startSmtpServer({
    beforeReply: () =>
      new Promise((resolve) => {
        reply = resolve;
      }),
  });
  onTestFinished(() => smtp.close());
  const product = await startProduct({ DATA_DIR, ...addresses, DEMO: '', SMTP_URL: smtp.url });
  onTestFinished(() => product.close());
  const receipts = [await send(product), await send(product)];
  await vi.waitFor(() => expect(smtp.messages).toHaveLength(1), { timeout: 15_000 });
  product.process.kill('SIGTERM');
  // The port is closed, so the product has received the signal.
  await vi.waitFor(() => expect(fetch(`${product.baseUrl}/healthz`)).rejects.toThrow(), { timeout: 15_000 });
  reply?.();
  await vi.waitFor(() => expect(product.process.exitCode).toBe(0), { timeout: 20_000 });

  const db = await openSqlite(DATA_DIR, createLogger({ level: 'silent' }));
  onTestFinished(() => db.close());
  const outbox = createOutbox(db, { siteUrl: 'http://localhost' });
  const states = await Promise.all(receipts.map(({ id }) => outbox.status(id)));
  expect(states.map((state) => state?.status).sort()).toEqual(['queued', 'sent']);
  expect(smtp.messages).toHaveLength(1);
});

test('an accepted mail survives kill -9 of all processes', async () => {
  const DATA_DIR = await dataDir();
  const PORT = String(await freePort());
  const first = runNode([launcher, 'start'], {
    env: { PORT, DATA_DIR, ...addresses, DEMO: '', SMTP_URL: '' },
  });
  const baseUrl = `http://localhost:${PORT}`;
  await vi.waitFor(async () => expect((await fetch(`${baseUrl}/api/trpc/fixture.request`)).ok).toBe(true), {
    timeout: 30_000,
    interval: 50,
  });
  const receipt = await send({ baseUrl });
  first.kill();
  await expect(fetch(`${baseUrl}/api/trpc/fixture.request`)).rejects.toThrow();

  const smtp = await startSmtpServer();
  onTestFinished(() => smtp.close());
  const again = await startProduct({ DATA_DIR, ...addresses, DEMO: '', SMTP_URL: smtp.url });
  onTestFinished(() => again.close());
  await until(again, receipt.id, 'sent');
  expect(smtp.messages.map(({ parsed }) => parsed.messageId)).toEqual([receipt.messageId]);
});

/** Returns the state of mail delivery in /readyz. */
async function delivery(product: WithBaseUrl): Promise<unknown> {
  const readiness = z.object({ dependencies: z.object({ mailDelivery: z.unknown() }) });
  const response = await fetch(`${product.baseUrl}/readyz`);
  return readiness.parse(await response.json()).dependencies.mailDelivery;
}

async function page(product: WithBaseUrl, path: string): Promise<string> {
  const response = await fetch(`${product.baseUrl}${path}`);
  expect(response.status).toBe(200);
  return response.text();
}

function textOf(html: string): string {
  const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', '#x27': "'", amp: '&' };
  return html.replace(/&(lt|gt|quot|#x27|amp);/g, (_, name: string) => entities[name] ?? '');
}
