import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireBuild } from '#server/bin/startup-checks.ts';
import { nextArguments, startArguments } from './start-command.ts';
import { startUpstreams, type Upstreams } from './upstreams/index.ts';

export type Product = {
  baseUrl: string;
  /** The stand-ins it calls, in this process: what they were asked, and faults. */
  upstreams: Upstreams;
  /** Everything it has written to its log so far. */
  log(): string;
  process: ChildProcess;
  close(): Promise<void>;
};

/**
 * Starts the built product as `npm start` does, on a free port, with a data folder and stand-in upstreams of
 * its own.
 *
 * @param env on top of the stand-ins' addresses; an empty value unsets
 */
export async function startProduct(
  env: Record<string, string> = {},
  /** What Node is given: the front server, or Next alone. */
  command: readonly string[] = process.env.PRODUCT_SERVER === 'next' ? nextArguments : startArguments(),
): Promise<Product> {
  requireBuild();
  const port = await freePort();
  const upstreams = await startUpstreams();
  const dataDir = await mkdtemp(join(tmpdir(), 'typed-bff-'));
  const baseUrl = `http://localhost:${port}`;
  const child = spawn(process.execPath, command, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      LOG_LEVEL: 'info',
      PORT: String(port),
      DATA_DIR: dataDir,
      DEMO: '1',
      // In one process, which is what starts fastest.
      WEB_CONCURRENCY: '1',
      // Tests call more than a visitor would.
      RATE_LIMITS:
        'light=1000000/60,upstream=1000000/60,mail=1000000/60,mailSender=1000000/60,mailSite=1000000/60',
      ...upstreams.env,
      ...env,
    },
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    output += String(chunk);
  });

  async function close(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await upstreams.close();
    await rm(dataDir, { recursive: true, force: true });
  }

  try {
    await untilStarted(baseUrl, child, Number(env.WEB_CONCURRENCY ?? 1));
  } catch (error) {
    await close();
    throw new Error(`The product did not start:\n${output}`, { cause: error });
  }
  return { baseUrl, upstreams, log: () => output, process: child, close };
}

/** Below those that the system gives away by itself: none of them is taken between the look and the start. */
const ports = { from: 15_000, to: 30_000 };
/** Each process of the tests looks elsewhere. */
let lastPort = ports.from + ((process.pid * 61) % (ports.to - ports.from));

/** A port that nothing listens on, and that this process is not given again soon. */
export async function freePort(): Promise<number> {
  for (;;) {
    lastPort = lastPort < ports.to ? lastPort + 1 : ports.from;
    const port = lastPort;
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port);
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** Procedures are answered before: this waits for the pages, too. Whether a dependency is there does not matter. */
async function untilStarted(baseUrl: string, child: ChildProcess, workers: number): Promise<void> {
  const giveUpAt = Date.now() + workers * 30_000;
  while (Date.now() < giveUpAt) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const answer = await fetch(`${baseUrl}/readyz`).catch(() => undefined);
    if (answer && !(await answer.text()).includes('"starting"')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not start within 30 seconds for each worker');
}
