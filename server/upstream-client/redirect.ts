import type { Dispatcher } from 'undici';
import { discard, firstValue, send, type UpstreamRequest, type UpstreamResponse } from './http.ts';
import { isPlainPath } from './path-segment.ts';

const statuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a request, follows at most one redirect, and returns the head of the last response.
 *
 * @throws UpstreamFailure
 */
export async function sendAndFollow(
  dispatcher: Dispatcher,
  request: UpstreamRequest,
  signal: AbortSignal,
): Promise<UpstreamResponse> {
  const response = await send(dispatcher, request, signal);
  const path = redirectPathOf(request, response);
  if (path === undefined) return response;
  discard(response);
  return send(dispatcher, { ...request, path }, signal);
}

/**
 * Returns the path of a redirect that is followed, relative to the origin of the request: that of a GET or HEAD to the
 * same origin and below the same path prefix, as for a renamed repository on GitHub. Undefined for any other response.
 *
 * The path of the target is checked like that of a declared endpoint, because a caller's input may be part of it.
 */
function redirectPathOf(
  { method, origin, path }: Pick<UpstreamRequest, 'method' | 'origin' | 'path'>,
  { status, headers }: Pick<UpstreamResponse, 'status' | 'headers'>,
): string | undefined {
  const location = firstValue(headers.location);
  if ((method !== 'GET' && method !== 'HEAD') || !statuses.has(status) || location === undefined) {
    return undefined;
  }
  const base = new URL(origin);
  const prefix = base.pathname.replace(/\/$/, '');
  const target = URL.parse(location, `${base.origin}${prefix}${path}`);
  if (!target || target.origin !== base.origin || target.username !== '' || target.password !== '') {
    return undefined;
  }
  const relative = target.pathname.slice(prefix.length);
  const isBelow = target.pathname.startsWith(`${prefix}/`) && isPlainPath(relative);
  return isBelow ? `${relative}${target.search}` : undefined;
}
