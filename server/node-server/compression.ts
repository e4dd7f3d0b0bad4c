import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip, gzipSync } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import { limits } from '../config/limits.ts';
import { addVary, type BufferedResponse } from '../http/response.ts';

const gzipElsewhere = promisify(gzip);
const options = { level: constants.Z_BEST_SPEED };
const compressible = /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml)|application\/manifest\+json)/;

const { compressAbove, compressHereUpTo, compressedBytes } = limits.nodeServer;

/** Documents are the same for every reader, so each is compressed once. */
const documents = new LRUCache<string, Uint8Array<ArrayBuffer>>({
  maxSize: compressedBytes,
  sizeCalculation: (body) => body.byteLength,
});

/**
 * Whether it is worth the work: a small answer fits into one packet as it is.
 *
 * @param bytes of its body
 */
export function isWorthCompressing({ headers, status }: BufferedResponse, bytes: number): boolean {
  return (
    status === 200 &&
    bytes > compressAbove &&
    compressible.test(headers['content-type'] ?? '') &&
    headers['content-encoding'] === undefined
  );
}

/** The body of an answer, compressed where the client takes that. Sets the headers that go with it. */
export async function compressed(
  message: IncomingMessage,
  { headers, body: plain }: BufferedResponse,
): Promise<BufferedResponse['body']> {
  addVary(headers, 'accept-encoding');
  if (plain === null || new Negotiator(message).encoding(['gzip', 'identity']) !== 'gzip') return plain;
  headers['content-encoding'] = 'gzip';
  const { etag } = headers;
  const known = etag === undefined ? undefined : documents.get(etag);
  if (known) return known;
  // For what is soon done the way to another thread and back takes longer than the work.
  const isSoonDone = plain.length <= compressHereUpTo;
  const body = new Uint8Array(isSoonDone ? gzipSync(plain, options) : await gzipElsewhere(plain, options));
  if (etag !== undefined) documents.set(etag, body);
  return body;
}
