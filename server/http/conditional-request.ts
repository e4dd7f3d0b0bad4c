import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { limits } from '../config/limits.ts';
import type { HttpRequest } from './request.ts';
import { addVary, type HttpResponse, type ResponseHeaders } from './response.ts';

export type ConditionalResponseOptions = {
  body: string | Uint8Array<ArrayBuffer>;
  contentType: string;
  /** null when no date can be told. */
  lastModified: Date | null;
  cacheControl: string;
  /** Further headers of the 200 answer; those that a 304 must repeat as well (Vary, Content-Location, Expires) are repeated. */
  headers?: ResponseHeaders;
};

/** Headers of the 200 answer that its 304 repeats: RFC 9110, section 15.4.5, and what every answer of ours carries. */
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
 * The answer of a route that serves a document: 200, or 304 when the caller has it already (RFC 9110, section 13).
 * HEAD gets the headers of GET without the body. The ETag is weak, so that a proxy which compresses may keep it.
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

/** Documents are the same string for every reader, so each is hashed and measured once. */
const knownIdentities = new LRUCache<string, Identity>({
  maxSize: limits.rememberedDocumentCharacters,
  sizeCalculation: (_, body) => Math.max(1, body.length),
});

function identityOf(body: string | Uint8Array): Identity {
  const known = typeof body === 'string' ? knownIdentities.get(body) : undefined;
  if (known) return known;
  const etag = `W/"${hash('sha256', body, 'base64url').slice(0, 27)}"`;
  const identity = { etag, length: String(Buffer.byteLength(body)) };
  if (typeof body === 'string') knownIdentities.set(body, identity);
  return identity;
}

/**
 * Whether the request's conditions say that the caller's copy is still right. If-None-Match alone decides when
 * it is there, even when nothing in it can be read. Other methods than GET and HEAD have no such answer.
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

/** Weak comparison (RFC 9110, section 8.8.3.2): only what stands between the quotes counts. */
function matchesWeakly(ifNoneMatch: string, etag: string): boolean {
  if (ifNoneMatch.trim() === '*') return true;
  const tags: readonly string[] = ifNoneMatch.match(/"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
  return tags.includes(etag.replace(/^W\//, ''));
}

const obsoleteDates = {
  rfc850: /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  asctime: /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
};

/** The three forms of an HTTP date that must be understood (RFC 9110, section 5.6.7); null for anything else. */
export function parseHttpDate(value: string): Date | null {
  // asctime has no zone and means GMT; Date would take it for local time.
  const date = new Date(obsoleteDates.asctime.test(value) ? `${value} GMT` : value);
  if (Number.isNaN(date.getTime())) return null;
  const known = date.toUTCString() === value || Object.values(obsoleteDates).some((form) => form.test(value));
  return known ? date : null;
}

/** RFC 9110, section 8.8.2.1: a Last-Modified after the answer itself must not be sent. */
function notInTheFuture(date: Date): Date {
  const now = Date.now();
  return date.getTime() <= now ? date : new Date(now);
}

function wholeSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}
