import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, vi } from 'vitest';
import { requireBuild } from '#server/bin/startup-checks.ts';
import { freePort } from '#tests/support/product.ts';
import { testWith } from '#tests/support/skip.ts';
import { startArguments } from '#tests/support/start-command.ts';
import { isAlive, untilReady } from './support.ts';

const test = testWith('script', 'procfs');

/**
 * Starts the product in its own terminal, created by `script` (util-linux). The log goes to a file, because writing to a
 * closed terminal would end the process for another reason.
 */
async function startInTerminal() {
  requireBuild();
  const folder = await mkdtemp(join(tmpdir(), 'typed-bff-'));
  const file = join(folder, 'log');
  const command = [process.execPath, ...startArguments()].map((word) => `'${word}'`).join(' ');
  const terminal = spawn('script', ['--quiet', '--command', `exec ${command} >'${file}' 2>&1`, '/dev/null'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      NODE_ENV: 'production',
      LOG_LEVEL: 'info',
      PORT: String(await freePort()),
      DATA_DIR: folder,
      WEB_CONCURRENCY: '2',
    },
  });
  onTestFinished(async () => {
    terminal.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  await once(terminal, 'spawn');
  return { terminal, log: () => (existsSync(file) ? readFileSync(file, 'utf8') : '') };
}

function parentOf(pid: number | undefined): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

test('closing the terminal stops the product, whereas SIGHUP alone restarts it', async () => {
  const { terminal, log } = await startInTerminal();
  const workers = [...(await untilReady({ log }, 2)).values()];
  expect(workers.filter(isAlive)).toHaveLength(2);
  const primary = parentOf(workers[0]);
  // Stops the primary if the test fails.
  onTestFinished(() => void (isAlive(primary) && process.kill(primary, 'SIGTERM')));
  terminal.kill('SIGKILL');
  await vi.waitFor(() => expect(workers.filter(isAlive)).toEqual([]), { timeout: 30_000, interval: 50 });
  expect(log()).not.toContain('rolling restart');
}, 90_000);
