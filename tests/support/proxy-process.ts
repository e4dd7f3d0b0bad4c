import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './product.ts';

export type ReverseProxy = { url: string; close(): Promise<void> };

/**
 * Starts a reverse proxy on loopback, and waits until it forwards requests.
 *
 * @param options.config returns its configuration
 * @param options.args returns its arguments, with which it stays in the foreground as one process
 */
export async function startReverseProxy(options: {
  program: string;
  config: (place: { port: number; folder: string }) => string;
  args: (place: { file: string; folder: string }) => string[];
}): Promise<ReverseProxy> {
  const { program, config, args } = options;
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'typed-bff-proxy-'));
  const file = join(folder, 'proxy.conf');
  await writeFile(file, config({ port, folder }));
  const child = spawn(program, args({ file, folder }), { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const close = async () => {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + 10_000;
  while (child.exitCode === null && Date.now() < deadline) {
    if ((await fetch(`${url}/healthz`).catch(() => undefined))?.ok) return { url, close };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await close();
  throw new Error(`${program} did not forward requests within 10 seconds`);
}
