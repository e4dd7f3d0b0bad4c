import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { MAX_KEPT_BYTES, type Upload } from './file-store.ts';
import type { Transfers } from './transfers.ts';

/** Reads and hashes a body of any length. Returns undefined if the sender disconnected. */
export async function receive(request: IncomingMessage, transfers: Transfers): Promise<Upload | undefined> {
  const end = transfers.begin(request.url ?? '/');
  const hash = createHash('sha256');
  let kept: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      const piece: Buffer = chunk;
      bytes += piece.length;
      hash.update(piece);
      if (bytes <= MAX_KEPT_BYTES) kept.push(piece);
      else kept = [];
    }
  } catch {
    end(bytes, false);
    return undefined;
  }
  end(bytes, true);
  return {
    bytes,
    sha256: hash.digest('hex'),
    contentType: request.headers['content-type'] ?? 'application/octet-stream',
    content: bytes <= MAX_KEPT_BYTES ? Buffer.concat(kept) : undefined,
  };
}
