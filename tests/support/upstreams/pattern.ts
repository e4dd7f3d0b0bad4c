import { createHash } from 'node:crypto';

const BLOCK_BYTES = 64 * 1024;
const PIECE_BYTES = 4 * BLOCK_BYTES;

/** What synthetic files repeat: pseudo-random, the same everywhere. */
const block = createHash('shake256', { outputLength: BLOCK_BYTES }).update('synthetic file').digest();
/** Long enough for a piece from any offset, so that streaming copies nothing. */
const reel = Buffer.alloc(PIECE_BYTES + BLOCK_BYTES, block);

/** The content of every synthetic file at an offset, as a copy of its own. */
export function patternAt(offset: number, length: number): Buffer {
  const start = offset % BLOCK_BYTES;
  return Buffer.alloc(start + length, block).subarray(start);
}

/** The same in pieces, to be read only: all look into one buffer. */
export function* patternPieces(offset: number, length: number): Generator<Buffer> {
  for (let done = 0; done < length; done += PIECE_BYTES) {
    const start = (offset + done) % BLOCK_BYTES;
    yield reel.subarray(start, start + Math.min(PIECE_BYTES, length - done));
  }
}

/** SHA-256 (hex) of the synthetic file of this size; a gigabyte takes about a second. */
export function patternSha256(bytes: number): string {
  const hash = createHash('sha256');
  for (const piece of patternPieces(0, bytes)) hash.update(piece);
  return hash.digest('hex');
}
