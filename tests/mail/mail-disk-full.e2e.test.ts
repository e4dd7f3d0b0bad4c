import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createOutbox, type Outbox } from '#server/mail/outbox.ts';
import { createLogger } from '#server/observability/log.ts';
import { openSqlite } from '#server/storage/sqlite.ts';
import { expectError, post, resultOf } from '#tests/support/call.ts';
import { startProduct } from '#tests/support/product.ts';
import { has, testWith } from '#tests/support/skip.ts';
import { canMount, mountSmallDisk } from '#tests/support/small-disk.ts';
import { expectStorage, linesWith } from './storage-state.ts';

const log = createLogger({ level: 'silent' });
const draft = { email: 'ada@visitor.example', contents: 'x'.repeat(4_000) };
const receipt = z.object({ id: z.string() });
/** More mails than fit into the space that SQLite had allocated before the disk was full. */
const moreThanFit = 100;

/** False in most containers, where root may not mount. */
const mounts = has('root') && canMount();
const siteUrl = 'http://localhost';

async function idsIn(outbox: Outbox): Promise<string[]> {
  return (await outbox.list({ limit: 1_000 })).map(({ id }) => id).sort();
}

if (mounts || !has('root')) {
  testWith('root')(
    'on a full disk only mails are rejected, accepted ones are kept, and freeing space suffices',
    {
      timeout: 120_000,
    },
    async () => {
      const disk = mountSmallDisk(4);
      onTestFinished(disk.close);
      const product = await startProduct({ DATA_DIR: disk.path, DEMO: '', SMTP_URL: '' });
      onTestFinished(() => product.close());
      const accepted = new Set<string>();
      async function send(): Promise<Response> {
        const response = await post(product, 'email.send', draft);
        if (response.ok) accepted.add(receipt.parse(await resultOf(response.clone())).id);
        return response;
      }

      for (let n = 0; n < 5; n += 1) expect((await send()).status).toBe(200);
      disk.fill();
      let rejected = await send();
      for (let n = 0; n < moreThanFit && rejected.ok; n += 1) rejected = await send();
      const { data } = await expectError(rejected, { reason: 'mail_unavailable', path: 'email.send' });
      expect(rejected.headers.get('retry-after')).toBe(String(data.retryAfterSeconds));
      await expectError(await send(), { reason: 'mail_unavailable', path: 'email.send' });
      expect(await resultOf(await post(product, 'fixture.body', 'still here'))).toEqual({
        res: 'still here',
      });
      for (const id of accepted) {
        const input = encodeURIComponent(JSON.stringify({ json: { id } }));
        const state = await resultOf(await fetch(`${product.baseUrl}/api/trpc/email.status?input=${input}`));
        expect(state).toMatchObject({ id, status: 'held' });
      }

      expect((await fetch(`${product.baseUrl}/rss.xml`)).status).toBe(200);
      expect((await fetch(`${product.baseUrl}/status`)).status).toBe(200);
      await expectStorage(product, { state: 'down', reason: 'disk_full' });
      await expect.poll(() => linesWith(product, '"fault":"disk_full"'), { timeout: 10_000 }).toHaveLength(1);

      disk.free();
      await expectStorage(product, { state: 'ok' });
      await expect
        .poll(() => linesWith(product, 'the database can be written again'), { timeout: 10_000 })
        .toHaveLength(1);
      expect((await send()).status).toBe(200);
      await product.close();
      const db = await openSqlite(disk.path, log);
      onTestFinished(() => db.close());
      const { rows } = await sql`pragma integrity_check`.execute(db.queries);
      expect(rows).toEqual([{ integrity_check: 'ok' }]);
      expect(await idsIn(createOutbox(db, { siteUrl }))).toEqual([...accepted].sort());
    },
  );
}
if (!mounts) {
  // A size limit in SQLite causes the same error with the same code as a full disk.
  test('if the database cannot grow, mails are rejected, accepted ones are kept, and more space suffices', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'typed-bff-mail-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const db = await openSqlite(folder, log);
    onTestFinished(() => db.close());
    const outbox = createOutbox(db, { siteUrl });
    const accepted = [(await outbox.enqueue(draft)).id];
    await sql`pragma max_page_count = 1`.execute(db.queries);
    const enqueueUntilFull = async () => {
      for (let n = 0; n < moreThanFit; n += 1) accepted.push((await outbox.enqueue(draft)).id);
    };
    await expect(enqueueUntilFull()).rejects.toMatchObject({
      reason: 'mail_unavailable',
      cause: { code: 'SQLITE_FULL' },
    });
    expect(await idsIn(outbox)).toEqual([...accepted].sort());
    await sql`pragma max_page_count = 100000`.execute(db.queries);
    accepted.push((await outbox.enqueue(draft)).id);
    expect(await idsIn(outbox)).toEqual([...accepted].sort());
  });
}
