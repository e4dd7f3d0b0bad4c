import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { freePort, untilStarted } from '#tests/support/product.ts';

type Running = { npm: ChildProcess; baseUrl: string; workers: number };

/** Runs `npm start` in its own process group. What is left of it at the end of the test is killed. */
async function npmStart(workers: number): Promise<Running> {
  const port = String(await freePort());
  const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-npm-'));
  const npm = spawn('npm', ['start'], {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, PORT: port, WEB_CONCURRENCY: String(workers), DATA_DIR: dataDir },
  });
  onTestFinished(() => {
    if (npm.pid !== undefined && isGroupAlive(npm.pid)) process.kill(-npm.pid, 'SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });
  const baseUrl = `http://localhost:${port}`;
  await untilStarted(baseUrl, npm, workers);
  return { npm, baseUrl, workers };
}

function isGroupAlive(leader: number): boolean {
  try {
    return process.kill(-leader, 0);
  } catch {
    return false;
  }
}

test.each([
  ['SIGTERM', 1],
  ['SIGHUP', 2],
  ['SIGKILL', 2],
] as const)(
  'after %s for the npm of %i workers no process is left',
  async (signal, workers) => {
    const { npm } = await npmStart(workers);
    const { pid } = npm;
    if (pid === undefined) throw new Error('npm has not started');
    npm.kill(signal);
    await once(npm, 'exit');
    await vi.waitFor(() => expect(isGroupAlive(pid)).toBe(false), { timeout: 30_000, interval: 100 });
  },
  120_000,
);
