import type { ServerResponse } from 'node:http';
import { inertContentPolicy, type SecuritySettings, securityHeaders } from '../http/security-headers.ts';

/**
 * Adds the missing security headers to a response when its head is written: for some requests (files of the build,
 * redirects, missing files) Next responds without running the proxy.
 */
export function addDefaultHeaders(response: ServerResponse, settings: SecuritySettings): void {
  const defaults = { 'content-security-policy': inertContentPolicy, ...securityHeaders(settings) };
  const writeHead = response.writeHead;
  const withDefaults = (...parts: Parameters<ServerResponse['writeHead']>) => {
    for (const [name, value] of Object.entries(defaults))
      if (!response.hasHeader(name)) response.setHeader(name, value);
    return Reflect.apply(writeHead, response, parts);
  };
  Reflect.set(response, 'writeHead', withDefaults);
}
