import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './product.ts';
import { requirePath } from './requirements.ts';

export type Balancer = { url: string; close(): Promise<void> };

/**
 * Starts a real load balancer on loopback in front of instances on these ports. It checks each instance's readiness
 * five times a second, reports the instance that served a request in X-Served-By (its port), and takes the client
 * address from X-Client.
 *
 * @param options.more further lines of the defaults
 */
export async function startBalancer(
  ports: readonly number[],
  { more = [] }: { more?: readonly string[] } = {},
): Promise<Balancer> {
  const haproxy = requirePath('haproxy');
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'typed-bff-haproxy-'));
  const config = join(folder, 'haproxy.cfg');
  await writeFile(
    config,
    `defaults
  mode http
  timeout connect 2s
  timeout client 60s
  timeout server 60s
  timeout check 2s
  option redispatch
  retries 3
${more.map((line) => `  ${line}\n`).join('')}frontend site
  bind 127.0.0.1:${port}
  http-request set-header X-Forwarded-For %[req.hdr(X-Client)]
  http-after-response set-header X-Served-By %[srv_name]
  default_backend instances
backend instances
  balance roundrobin
  option httpchk GET /readyz?exclude=database
  default-server check inter 200ms fall 2 rise 1
${ports.map((each) => `  server ${each} 127.0.0.1:${each}`).join('\n')}
`,
  );
  // In the foreground, one process.
  const child = spawn(haproxy, ['-db', '-f', config], { stdio: 'ignore' });
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
  throw new Error('haproxy did not forward requests within 10 seconds');
}
