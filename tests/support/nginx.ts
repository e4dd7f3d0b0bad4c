import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './product.ts';
import { requirePath } from './requirements.ts';

/** Starts nginx on loopback in front of a port, with its default settings. */
export async function startNginx(target: number): Promise<{ url: string; close(): Promise<void> }> {
  const nginx = requirePath('nginx');
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'typed-bff-nginx-'));
  const config = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${join(folder, name)};`,
  );
  await writeFile(
    config,
    `daemon off;
master_process off;
pid ${join(folder, 'pid')};
error_log stderr;
events {}
http {
  access_log off;
${temporary.join('\n')}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${target};
    }
  }
}
`,
  );
  const child = spawn(nginx, ['-p', folder, '-c', config], { stdio: 'ignore' });
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
  throw new Error('nginx did not forward requests within 10 seconds');
}
