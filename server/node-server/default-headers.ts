import type { ServerResponse } from 'node:http';
import { inertContentPolicy, securityHeaders } from '../http/security-headers.ts';

/**
 * Gives an answer the security headers that it does not have when its head is written: Next answers some
 * requests by itself (files of the build, redirects, what is not found there).
 */
export function addDefaultHeaders(response: ServerResponse, siteUrl: string): void {
  const defaults = { 'content-security-policy': inertContentPolicy, ...securityHeaders(siteUrl) };
  const writeHead = response.writeHead;
  const withDefaults = (...parts: Parameters<ServerResponse['writeHead']>) => {
    for (const [name, value] of Object.entries(defaults))
      if (!response.hasHeader(name)) response.setHeader(name, value);
    return Reflect.apply(writeHead, response, parts);
  };
  Reflect.set(response, 'writeHead', withDefaults);
}
