import { expect, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createOutbox } from '#server/mail/outbox.ts';
import { createLogger } from '#server/observability/log.ts';
import { openSqlite } from '#server/storage/sqlite.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { startProduct } from '#tests/support/product.ts';
import { has, testWith } from '#tests/support/skip.ts';
import { canMountFailing, mountFailingDisk } from '#tests/support/small-disk.ts';
import { expectStorage, linesWith } from './storage-state.ts';

const draft = { email: 'ada@visitor.example', contents: 'Hello' };
const receiptSchema = z.object({ id: z.string() });

/** Without loop devices, as in most containers, there is no disk that can fail. */
if (!has('root') || canMountFailing()) {
  testWith('root')(
    'on a disk that becomes read-only, only mails are rejected, and after its repair all accepted ones are there',
    { timeout: 180_000 },
    async () => {
      const disk = mountFailingDisk(8);
      onTestFinished(disk.close);
      const product = await startProduct({ DATA_DIR: disk.path, DEMO: '', SMTP_URL: '' });
      onTestFinished(() => product.close());
      const accepted: string[] = [];
      for (let n = 0; n < 5; n += 1) {
        accepted.push(receiptSchema.parse(await resultOf(await post(product, 'email.send', draft))).id);
      }

      disk.fail();
      for (let n = 0; n < 3; n += 1) {
        const rejected = await post(product, 'email.send', draft);
        const { data } = await expectError(rejected, { reason: 'mail_unavailable', path: 'email.send' });
        expect(rejected.headers.get('retry-after')).toBe(String(data.retryAfterSeconds));
      }
      await expectStorage(product, { state: 'down', reason: 'disk_error' });
      await expect
        .poll(() => linesWith(product, 'the database cannot be written'), { timeout: 10_000 })
        .toHaveLength(1);
      expect(await resultOf(await post(product, 'fixture.body', 'still here'))).toEqual({
        res: 'still here',
      });
      expect((await fetch(`${product.baseUrl}/rss.xml`)).status).toBe(200);
      expect((await fetch(`${product.baseUrl}/status`)).status).toBe(200);
      await product.close();
      expect(product.process.exitCode).toBe(0);

      disk.repair();
      const db = await openSqlite(disk.path, createLogger({ level: 'silent' }));
      onTestFinished(() => db.close());
      const outbox = createOutbox(db, { siteUrl: product.baseUrl });
      const stored = await outbox.list({ limit: 100 });
      expect(stored.map(({ id }) => id).sort()).toEqual(accepted.toSorted());
      await outbox.enqueue(draft);
    },
  );
}
