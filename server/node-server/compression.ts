import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip, gzipSync } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import { limits } from '../config/limits.ts';
import { addVary, type BufferedResponse } from '../http/response.ts';
import { mediaTypeOf } from '../lib/media-type.ts';

const gzipInThreadPool = promisify(gzip);
const options = { level: constants.Z_BEST_SPEED };
const compressible = /^(?:text\/.+|application\/(?:[\w.+-]*\+)?(?:json|xml))$/;

const { compressAbove, compressHereUpTo, compressedBytes } = limits.nodeServer;

/** Compressed documents by ETag: a document is the same for every reader, so it is compressed only once. */
const cache = new LRUCache<string, Uint8Array<ArrayBuffer>>({
  maxSize: compressedBytes,
  sizeCalculation: (body) => body.byteLength,
});

/**
 * Returns whether compressing a response is worth the CPU time: a small one fits into a single packet uncompressed.
 *
 * @param bytes size of the body
 */
export function isWorthCompressing({ headers, status }: BufferedResponse, bytes: number): boolean {
  return (
    status === 200 &&
    bytes > compressAbove &&
    compressible.test(mediaTypeOf(headers['content-type'])) &&
    headers['content-encoding'] === undefined
  );
}

/** Returns the body of a response, compressed if the client accepts gzip, and sets the headers that go with it. */
export async function compressBody(
  message: IncomingMessage,
  { headers, body: plain }: BufferedResponse,
): Promise<BufferedResponse['body']> {
  addVary(headers, 'accept-encoding');
  if (plain === null || new Negotiator(message).encoding(['gzip', 'identity']) !== 'gzip') return plain;
  headers['content-encoding'] = 'gzip';
  const { etag } = headers;
  const cached = etag === undefined ? undefined : cache.get(etag);
  if (cached) return cached;
  // For a short text, the round trip to another thread takes longer than compressing it here.
  const isShort = plain.length <= compressHereUpTo;
  const body = new Uint8Array(isShort ? gzipSync(plain, options) : await gzipInThreadPool(plain, options));
  if (etag !== undefined) cache.set(etag, body);
  return body;
}
