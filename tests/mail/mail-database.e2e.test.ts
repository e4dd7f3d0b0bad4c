import { afterAll, beforeAll, expect, vi } from 'vitest';
import { z } from 'zod';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { testWith } from '#tests/support/skip.ts';
import { startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';

const test = testWith('postgres');

const draft = { email: 'ada@visitor.example', contents: 'Hello' };
const receiptSchema = z.object({ messageId: z.string() });

let postgres: PostgresServer;
let smtp: TestSmtpServer;
let product: Product;
const accepted: string[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  smtp = await startSmtpServer();
  product = await startProduct({
    DATABASE_URL: await postgres.database(),
    SMTP_URL: smtp.url,
    MAIL_TO: 'owner@site.example',
    MAIL_FROM: 'website@site.example',
    DEMO: '',
  });
}, 120_000);
afterAll(async () => {
  await product.close();
  await smtp.close();
  await postgres.close();
});

async function sendOne(): Promise<void> {
  const receipt = receiptSchema.parse(await resultOf(await post(product, 'email.send', draft)));
  accepted.push(receipt.messageId);
}

const readiness = async () => (await fetch(`${product.baseUrl}/readyz`)).status;
const delivered = () => smtp.messages.map(({ parsed }) => parsed.messageId).sort();
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 50 });

test.each(['frozen', 'down'])(
  'while the database is %s, mails get a 503 in time and other calls work; afterwards mail recovers',
  async (state) => {
    await sendOne();
    await eventually(() => expect(delivered()).toEqual(accepted.toSorted()));

    if (state === 'frozen') postgres.pause();
    else await postgres.stop();
    try {
      const startedAt = performance.now();
      const rejected = Array.from({ length: 5 }, () => post(product, 'email.send', draft));
      for (const response of await Promise.all(rejected)) {
        await expectError(response, { reason: 'mail_unavailable', path: 'email.send' });
      }
      // The limit that the contract promises.
      expect(performance.now() - startedAt).toBeLessThan(3_500);
      expect(await resultOf(await post(product, 'fixture.body', 'unharmed'))).toEqual({ res: 'unharmed' });
      // The result of a check is reused for a moment.
      await eventually(async () => expect(await readiness()).toBe(503));
    } finally {
      if (state === 'frozen') postgres.resume();
      else await postgres.start();
    }

    await eventually(async () => expect(await readiness()).toBe(200));
    await sendOne();
    await eventually(() => expect(delivered()).toEqual(accepted.toSorted()));
  },
  60_000,
);
