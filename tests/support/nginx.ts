import { join } from 'node:path';
import { type ReverseProxy, startReverseProxy } from './proxy-process.ts';
import { requirePath } from './requirements.ts';

/** Starts nginx on loopback in front of a port, with its default settings. */
export function startNginx(target: number): Promise<ReverseProxy> {
  return startReverseProxy({
    program: requirePath('nginx'),
    args: ({ file, folder }) => ['-p', folder, '-c', file],
    config: ({ port, folder }) => {
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
        (name) => `  ${name}_temp_path ${join(folder, name)};`,
      );
      return `daemon off;
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
`;
    },
  });
}
