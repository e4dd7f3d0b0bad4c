import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '#tests/mail/support.ts';

/** Runs a script with a database thread in a process of its own. Returns its output and its exit code. */
async function runProcess(use: string): Promise<[output: string, code: unknown]> {
  const script = `
    import { join } from 'node:path';
    import { createLogger } from '#server/observability/log.ts';
    import { SqliteThread } from '#server/storage/sqlite-driver.ts';
    const thread = new SqliteThread(join(process.argv[1], 'test.sqlite'), createLogger({ level: 'silent' }));
    ${use}`;
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script, tempDir()],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return [output, code];
}

test('a process waits for the responses of its database thread, and ends by itself although the thread is open', async () => {
  const use =
    "thread.execute('select 1 as one').then(({ rows }) => process.stdout.write(JSON.stringify(rows)));";
  expect(await runProcess(use)).toEqual(['[{"one":1}]', 0]);
});

test('a process waits until its database thread is closed', async () => {
  const use =
    "thread.execute('select 1').then(() => thread.close()).then(() => process.stdout.write('closed'));";
  expect(await runProcess(use)).toEqual(['closed', 0]);
});
