import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { HttpRequest } from './request.ts';
import { addVary, type HttpResponse, type ResponseHeaders } from './response.ts';

export type ConditionalResponseOptions = {
  body: string | Uint8Array<ArrayBuffer>;
  contentType: string;
  /** null if the date is unknown. */
  lastModified: Date | null;
  cacheControl: string;
  /**
   * Additional headers of the 200 response. A 304 repeats those that it must repeat (Vary, Content-Location,
   * Expires).
   */
  headers?: ResponseHeaders;
};

/** Headers of the 200 response that its 304 repeats: RFC 9110, section 15.4.5, and the ones every response carries. */
const repeatedOn304 = [
  'cache-control',
  'content-location',
  'etag',
  'expires',
  'last-modified',
  'vary',
  'x-content-type-options',
  'x-robots-tag',
];

/**
 * Returns the response of a route that serves a document: 200, or 304 if the caller's copy is current (RFC 9110,
 * section 13). HEAD gets the headers of GET without the body. The ETag is weak, so that a compressing proxy may keep
 * it.
 */
export function conditionalResponse(request: HttpRequest, options: ConditionalResponseOptions): HttpResponse {
  const { body } = options;
  const { etag, length } = identityOf(body);

  const headers: ResponseHeaders = {
    ...options.headers,
    'content-type': options.contentType,
    'content-length': length,
    'cache-control': options.cacheControl,
    etag,
    'x-content-type-options': 'nosniff',
  };
  addVary(headers, 'accept-encoding');
  if (options.lastModified) headers['last-modified'] = notInTheFuture(options.lastModified).toUTCString();

  if (isNotModified(request, { etag, lastModified: options.lastModified })) {
    return { status: 304, headers: pick(headers, repeatedOn304), body: null };
  }
  return { status: 200, headers, body: request.method === 'HEAD' ? null : body };
}

function pick(headers: ResponseHeaders, names: readonly string[]): ResponseHeaders {
  const picked: ResponseHeaders = {};
  for (const name of names) if (headers[name] !== undefined) picked[name] = headers[name];
  return picked;
}

type Identity = { etag: string; length: string };

/** A document is the same string for every reader, so it is hashed and measured only once. */
const identityCache = new LRUCache<string, Identity>({
  maxSize: limits.rememberedDocumentCharacters,
  sizeCalculation: (_, body) => Math.max(1, body.length),
});

function identityOf(body: string | Uint8Array): Identity {
  const cached = typeof body === 'string' ? identityCache.get(body) : undefined;
  if (cached) return cached;
  const etag = `W/"${hash('sha256', body, 'base64url').slice(0, 27)}"`;
  const identity = { etag, length: String(Buffer.byteLength(body)) };
  if (typeof body === 'string') identityCache.set(body, identity);
  return identity;
}

/**
 * Returns whether the request's preconditions match the current representation, so that the response is a 304. If
 * If-None-Match is present, it alone decides, even if it cannot be parsed. Only GET and HEAD can get a 304.
 */
export function isNotModified(
  request: HttpRequest,
  current: { etag: string; lastModified: Date | null },
): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const ifNoneMatch = request.headers.get('if-none-match');
  if (ifNoneMatch !== null) return matchesWeakly(ifNoneMatch, current.etag);

  const since = parseHttpDate(request.headers.get('if-modified-since') ?? '');
  if (!since || !current.lastModified) return false;
  return wholeSeconds(current.lastModified) <= wholeSeconds(since);
}

/** Compares weakly (RFC 9110, section 8.8.3.2): only the opaque tag between the quotes counts. */
function matchesWeakly(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch === '*') return true;
  const tags: readonly string[] = ifNoneMatch.match(/"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
  return tags.includes(etag.replace(/^W\//, ''));
}

const obsoleteDates = {
  rfc850: /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  asctime: /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
};

/** Parses the three formats of an HTTP date that a server must accept (RFC 9110, section 5.6.7); null for any other. */
export function parseHttpDate(value: string): Date | null {
  // An asctime date has no zone and means GMT; Date would parse it as local time.
  const date = new Date(obsoleteDates.asctime.test(value) ? `${value} GMT` : value);
  if (Number.isNaN(date.getTime())) return null;
  const isHttpDate =
    date.toUTCString() === value || Object.values(obsoleteDates).some((format) => format.test(value));
  return isHttpDate ? date : null;
}

/** Caps a Last-Modified at the current time: a later one must not be sent (RFC 9110, section 8.8.2.1). */
function notInTheFuture(date: Date): Date {
  const now = Date.now();
  return date.getTime() <= now ? date : new Date(now);
}

function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
