import { isIP } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { memoize } from '../lib/memoize.ts';
import { HttpError } from './http-error.ts';
import type { HeaderLookup } from './request.ts';

/**
 * Hosts that a route accepts besides those of this site: `any` for health checks, which reveal nothing, and `address`
 * for monitoring, which reaches an instance by its IP address. A DNS rebinding attack always sends a name.
 */
export type AcceptedHosts = 'site' | 'address' | 'any';

type HostSettings = Pick<Env, 'SITE_URL' | 'ALLOWED_HOSTS'>;

/** Returns the parsed SITE_URL. */
export const siteUrlOf = memoize((siteUrl: string) => new URL(siteUrl));

/**
 * Rejects requests for another host (DNS rebinding): a page of an attacker whose domain resolves to this server sends
 * same-origin requests in the visitor's network. A request without a Host header passes, because no browser sends one.
 *
 * Ports are not compared: a proxy may listen on another one.
 *
 * @throws HttpError `host_not_allowed`
 */
export function rejectForeignHost(
  headers: HeaderLookup,
  settings: HostSettings,
  accepted: AcceptedHosts = 'site',
): void {
  const host = headers.get('host');
  if (accepted === 'any' || host === null) return;
  const name = hostNameOf(host);
  if (name !== undefined && isAccepted(name, settings, accepted)) return;
  throw new HttpError('host_not_allowed');
}

function isAccepted(
  name: string,
  { SITE_URL, ALLOWED_HOSTS }: HostSettings,
  accepted: AcceptedHosts,
): boolean {
  const site = siteUrlOf(SITE_URL).hostname;
  if (name === site || ALLOWED_HOSTS.includes(name)) return true;
  if (isLoopback(site) && isLoopback(name)) return true;
  return accepted === 'address' && isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

/** Parsing a host takes longer than all other checks of a call's headers, and most requests have the same one. */
const hostNames = new LRUCache<string, string>({ max: limits.rememberedHosts });

/** Returns the host name in the URL parser's form, without a port and a final dot, or undefined if it is invalid. */
function hostNameOf(host: string): string | undefined {
  const known = hostNames.get(host);
  if (known !== undefined) return known;
  const name = parseHostName(host);
  if (name !== undefined) hostNames.set(host, name);
  return name;
}

function parseHostName(host: string): string | undefined {
  // A valid host has no delimiters of a URL, which would hide the rest from the parser.
  if (host.length > 255 || !/^[\w.:[\]-]+$/.test(host)) return undefined;
  const url = URL.parse(`http://${host}`);
  return url?.hostname.replace(/\.$/, '');
}

/** Returns whether a host name always means this machine. */
export function isLoopback(name: string): boolean {
  return (
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(name)
  );
}
