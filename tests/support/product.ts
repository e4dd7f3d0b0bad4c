import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireBuild } from '#server/bin/startup-checks.ts';
import { proxyKeyEntry } from './proxy-key.ts';
import { nextArguments, startArguments } from './start-command.ts';
import { startUpstreams, type Upstreams } from './upstreams/index.ts';

export type Product = {
  baseUrl: string;
  /** The stand-in upstreams it calls, in this process: their recorded requests and faults. */
  upstreams: Upstreams;
  /** The log output so far. */
  log(): string;
  process: ChildProcess;
  close(): Promise<void>;
};

/**
 * Starts the built product as `npm start` does, on a free port, with its own data folder and stand-in
 * upstreams.
 *
 * @param env overrides the URLs of the stand-ins; an empty value unsets a variable
 */
export async function startProduct(
  env: Record<string, string> = {},
  /** Arguments for Node: the product's own server or `next start`. */
  command: readonly string[] = process.env.PRODUCT_SERVER === 'next' ? nextArguments : startArguments(),
  /** A folder with the files of the project. */
  cwd = process.cwd(),
  /** A program that becomes Node, with its arguments, such as `unshare`. */
  launcher: readonly string[] = [],
): Promise<Product> {
  requireBuild();
  const port = env.PORT ? Number(env.PORT) : await freePort();
  const upstreams = await startUpstreams();
  const dataDir = await mkdtemp(join(tmpdir(), 'typed-bff-'));
  const baseUrl = `http://localhost:${port}`;
  const [program = process.execPath, ...programArguments] = [...launcher, process.execPath, ...command];
  const child = spawn(program, programArguments, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      LOG_LEVEL: 'info',
      PORT: String(port),
      DATA_DIR: dataDir,
      DEMO: '1',
      // The tests connect to this machine, whatever the public URL is.
      ALLOWED_HOSTS: 'localhost,127.0.0.1',
      // A single process starts fastest.
      WEB_CONCURRENCY: '1',
      // Tests make more calls than a visitor would.
      RATE_LIMITS:
        'light=1000000/60,upstream=1000000/60,mail=1000000/60,page=1000000/60,mailSender=1000000/60,mailSubnet=1000000/60,mailNetwork=1000000/60,mailSite=1000000/60',
      ...upstreams.env,
      ...env,
      SERVICE_KEYS: [env.SERVICE_KEYS, proxyKeyEntry].filter(Boolean).join(','),
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
    await untilStarted(baseUrl, child, Number(env.WEB_CONCURRENCY || 1));
  } catch (error) {
    await close();
    throw new Error(`The product did not start:\n${output}`, { cause: error });
  }
  return { baseUrl, upstreams, log: () => output, process: child, close };
}

/** Below the range of ephemeral ports, so that the system does not take a port between the check and the start. */
const portRange = { from: 15_000, to: 30_000 };
/** Each test process starts at a different port. */
let lastPort = portRange.from + ((process.pid * 61) % (portRange.to - portRange.from));

/** Returns a port that nothing listens on. It is not returned again in this process before the range is exhausted. */
export async function freePort(): Promise<number> {
  for (;;) {
    lastPort = lastPort < portRange.to ? lastPort + 1 : portRange.from;
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

/**
 * Waits until pages are served too, not only procedures. Unavailable dependencies do not matter.
 *
 * @throws Error if the process exits, or does not start within 30 seconds for each worker
 */
export async function untilStarted(baseUrl: string, child: ChildProcess, workers: number): Promise<void> {
  const deadline = Date.now() + workers * 30_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it exited with ${child.exitCode}`);
    const response = await fetch(`${baseUrl}/readyz`).catch(() => undefined);
    if (response && !(await response.text()).includes('"starting"')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('it did not start within 30 seconds per worker');
}
