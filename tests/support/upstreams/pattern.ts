import { createHash } from 'node:crypto';

const BLOCK_BYTES = 64 * 1024;
const PIECE_BYTES = 4 * BLOCK_BYTES;

/** The block that synthetic files repeat: pseudo-random and the same on every machine. */
const block = createHash('shake256', { outputLength: BLOCK_BYTES }).update('synthetic file').digest();
/** Long enough for a piece at any offset, so that streaming does not copy. */
const views = Buffer.alloc(PIECE_BYTES + BLOCK_BYTES, block);

/** Returns a copy of the content of a synthetic file at an offset. */
export function patternAt(offset: number, length: number): Buffer {
  const start = offset % BLOCK_BYTES;
  return Buffer.alloc(start + length, block).subarray(start);
}

/** Yields the same content in pieces. They are read-only views of one buffer. */
export function* patternPieces(offset: number, length: number): Generator<Buffer> {
  for (let sent = 0; sent < length; sent += PIECE_BYTES) {
    const start = (offset + sent) % BLOCK_BYTES;
    yield views.subarray(start, start + Math.min(PIECE_BYTES, length - sent));
  }
}

/** Returns the SHA-256 (hex) of the synthetic file of this size. A gigabyte takes about a second. */
export function patternSha256(bytes: number): string {
  const hash = createHash('sha256');
  for (const piece of patternPieces(0, bytes)) hash.update(piece);
  return hash.digest('hex');
}
