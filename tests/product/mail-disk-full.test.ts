import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { createOutbox, type Outbox } from '#server/mail/outbox.ts';
import { openSqlite } from '#server/mail/sqlite.ts';
import { startProduct } from '#tests/support/product.ts';
import { has, testWith } from '#tests/support/skip.ts';
import { mountSmallDisk } from '#tests/support/small-disk.ts';
import { expectRefusal, post, resultOf } from './call.ts';

const draft = { email: 'ada@visitor.example', contents: 'x'.repeat(4_000) };
const receipt = z.object({ id: z.string() });
/** More than fits into what SQLite had taken of the disk before it was full. */
const plenty = 100;

/** Undefined without root, and in most containers, where root is not allowed to mount. */
const disk = has('root') ? mountSmallDisk(4) : undefined;
const siteUrl = 'http://localhost';

async function idsIn(outbox: Outbox): Promise<string[]> {
  return (await outbox.list({ limit: 1_000 })).map(({ id }) => id).sort();
}

if (disk || !has('root')) {
  testWith('root')(
    'a full disk: mails are refused and nothing else, what was accepted is there, and space is all it takes',
    {
      timeout: 120_000,
    },
    async () => {
      if (!disk) throw new Error('This test runs only where a disk is mounted.');
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
      let refused = await send();
      for (let n = 0; n < plenty && refused.ok; n += 1) refused = await send();
      await expectRefusal(refused, { reason: 'mail_unavailable', path: 'email.send' });
      await expectRefusal(await send(), { reason: 'mail_unavailable', path: 'email.send' });
      expect(await resultOf(await post(product, 'echo.body', 'still here'))).toEqual({ res: 'still here' });
      for (const id of accepted) {
        const input = encodeURIComponent(JSON.stringify({ json: { id } }));
        const state = await resultOf(await fetch(`${product.baseUrl}/api/trpc/email.status?input=${input}`));
        expect(state).toMatchObject({ id, status: 'held' });
      }

      disk.free();
      expect((await send()).status).toBe(200);
      await product.close();
      const db = await openSqlite(disk.path);
      onTestFinished(() => db.close());
      const { rows } = await sql`pragma integrity_check`.execute(db.queries);
      expect(rows).toEqual([{ integrity_check: 'ok' }]);
      expect(await idsIn(createOutbox(db, { siteUrl }))).toEqual([...accepted].sort());
    },
  );
}
if (!disk) {
  // SQLite itself is limited, and reports the same error with the same code as on a full disk.
  test('a database that may not grow: mails are refused, what was accepted is there, and space is all it takes', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'typed-bff-mail-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const db = await openSqlite(folder);
    onTestFinished(() => db.close());
    const outbox = createOutbox(db, { siteUrl });
    const accepted = [(await outbox.enqueue(draft)).id];
    await sql`pragma max_page_count = 1`.execute(db.queries);
    const refusal = async () => {
      for (let n = 0; n < plenty; n += 1) accepted.push((await outbox.enqueue(draft)).id);
    };
    await expect(refusal()).rejects.toMatchObject({
      reason: 'mail_unavailable',
      cause: { code: 'SQLITE_FULL' },
    });
    expect(await idsIn(outbox)).toEqual([...accepted].sort());
    await sql`pragma max_page_count = 100000`.execute(db.queries);
    accepted.push((await outbox.enqueue(draft)).id);
    expect(await idsIn(outbox)).toEqual([...accepted].sort());
  });
}
