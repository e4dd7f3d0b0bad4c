import { expect, test } from 'vitest';
import { SqliteThread } from '#server/mail/sqlite-driver.ts';
import { createLogger } from '#server/observability/log.ts';
import { tempDir } from './support.ts';

/** Creates a thread that fails when it opens its file, which is a folder. */
function failingThread() {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } });
  return { thread: new SqliteThread(tempDir(), log), lines };
}

const unopenable = { name: 'SqliteThreadError', code: 'SQLITE_CANTOPEN' };

test('a thread that fails while it is closed is closed, and logged', async () => {
  const { thread, lines } = failingThread();
  const statement = expect(thread.execute('select 1')).rejects.toMatchObject(unopenable);
  await thread.close();
  await statement;
  expect(lines).toEqual([expect.stringContaining('the database thread failed while closing')]);
});

test('a thread that has failed before can be closed', async () => {
  const { thread, lines } = failingThread();
  await expect(thread.execute('select 1')).rejects.toMatchObject(unopenable);
  await thread.close();
  expect(lines).toEqual([]);
});
