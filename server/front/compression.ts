import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { LRUCache } from 'lru-cache';
import Negotiator from 'negotiator';
import type { WholeResponse } from '../door/whole-response.ts';
import { limits } from '../limits.ts';

const compress = promisify(gzip);
const compressible = /^(?:text\/|application\/(?:[\w.+-]*\+)?(?:json|xml)|application\/manifest\+json)/;

const { compressAbove, compressedBytes } = limits.front;

/** Documents are the same for every reader, so each is compressed once. */
const documents = new LRUCache<string, Uint8Array<ArrayBuffer>>({
  maxSize: compressedBytes,
  sizeCalculation: (body) => body.byteLength,
});

/** Whether it is worth the work: a small answer fits into one packet as it is. */
export function isWorthCompressing({ headers, status, whole }: WholeResponse): boolean {
  return (
    whole !== null &&
    status === 200 &&
    Buffer.byteLength(whole) > compressAbove &&
    compressible.test(headers.get('content-type') ?? '') &&
    !headers.has('content-encoding')
  );
}

/** The body of an answer, compressed where the client takes that. Sets the headers that go with it. */
export async function compressed(
  message: IncomingMessage,
  { headers, whole }: WholeResponse,
): Promise<WholeResponse['whole']> {
  if (!/\baccept-encoding\b/i.test(headers.get('vary') ?? '')) headers.append('vary', 'accept-encoding');
  if (whole === null || new Negotiator(message).encoding(['gzip', 'identity']) !== 'gzip') return whole;
  headers.set('content-encoding', 'gzip');
  const etag = headers.get('etag');
  const known = etag === null ? undefined : documents.get(etag);
  if (known) return known;
  const body = new Uint8Array(await compress(whole, { level: constants.Z_BEST_SPEED }));
  if (etag !== null) documents.set(etag, body);
  return body;
}
