import { type ReverseProxy, startReverseProxy } from './proxy-process.ts';
import { requirePath } from './requirements.ts';

/**
 * Starts a real load balancer on loopback in front of instances on these ports. It checks each instance's readiness
 * five times a second, reports the instance that served a request in X-Served-By (its port), and takes the client
 * address from X-Client.
 *
 * @param options.more further lines of the defaults
 */
export function startBalancer(
  ports: readonly number[],
  { more = [] }: { more?: readonly string[] } = {},
): Promise<ReverseProxy> {
  return startReverseProxy({
    program: requirePath('haproxy'),
    args: ({ file }) => ['-db', '-f', file],
    config: ({ port }) => `defaults
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
  });
}
