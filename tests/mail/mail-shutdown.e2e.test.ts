import { once } from 'node:events';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { untilReady } from '#tests/cluster/support.ts';
import { post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { startSmtpServer } from '#tests/support/smtp-server.ts';

const receiptSchema = z.object({ id: z.string(), messageId: z.string() });

type Row = {
  title: string;
  workers: number;
  /** Number of mails: with several workers, enough that each worker accepts some. */
  mails: number;
  /** Sends SIGTERM. */
  signal(product: Product): Promise<void>;
};

/** Signals every process, as some service managers do. */
async function signalAll(product: Product): Promise<void> {
  const workers = await untilReady(product, 2);
  for (const pid of workers.values()) process.kill(pid, 'SIGTERM');
  product.process.kill('SIGTERM');
}

const signalFirst = async (product: Product) => void product.process.kill('SIGTERM');

const rows: Row[] = [
  { title: 'by one process', workers: 1, mails: 1, signal: signalFirst },
  { title: 'by two workers', workers: 2, mails: 8, signal: signalFirst },
  { title: 'by two workers that each receive SIGTERM', workers: 2, mails: 8, signal: signalAll },
];

describe('a mail accepted during the drain is delivered before the product exits', () => {
  test.each(rows)('$title', { timeout: 90_000 }, async ({ workers, mails, signal }) => {
    const smtp = await startSmtpServer();
    onTestFinished(() => smtp.close());
    const product = await startProduct({
      SMTP_URL: smtp.url,
      MAIL_TO: 'owner@site.example',
      MAIL_FROM: 'website@site.example',
      DEMO: '',
      SHUTDOWN_DELAY: '4',
      WEB_CONCURRENCY: String(workers),
    });
    onTestFinished(() => product.close());
    if (workers > 1) await untilReady(product, workers);

    const exit = once(product.process, 'exit');
    await signal(product);
    await vi.waitFor(
      async () => {
        const response = await fetch(`${product.baseUrl}/readyz`, { headers: { connection: 'close' } });
        expect(await response.text()).toContain('"draining"');
      },
      { timeout: 3_000, interval: 20 },
    );
    const receipts = await Promise.all(
      Array.from({ length: mails }, async (_, n) =>
        receiptSchema.parse(
          await resultOf(
            await post(product, 'email.send', { email: 'ada@visitor.example', contents: `Mail ${n}` }),
          ),
        ),
      ),
    );
    const [code] = await exit;
    expect(code).toBe(0);
    const delivered = smtp.messages.map(({ parsed }) => parsed.messageId).sort();
    expect(delivered).toEqual(receipts.map(({ messageId }) => messageId).sort());
  });
});
