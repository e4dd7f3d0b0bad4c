import type { Validators } from './conditions.ts';
import { patternPieces } from './pattern.ts';

/** A received upload. */
export interface Upload {
  readonly bytes: number;
  readonly sha256: string;
  readonly contentType: string;
  /** Undefined if the file exceeds MAX_KEPT_BYTES. */
  readonly content: Buffer | undefined;
}

/** A file with readable content. */
export interface ReadableFile extends Required<Validators> {
  readonly bytes: number;
  readonly contentType: string;
  readonly pieces: (from: number, length: number) => Iterable<Uint8Array>;
}

/** A file whose content has been dropped: only size and hash remain. */
export interface DroppedFile {
  readonly bytes: number;
  readonly sha256: string;
}

export const MAX_KEPT_BYTES = 16 * 2 ** 20;
const MAX_KEPT_BYTES_TOTAL = 64 * 2 ** 20;
const MAX_FILES = 1000;
const MAX_SYNTHETIC_BYTES = 4 * 2 ** 30;
const MODIFIED = Date.UTC(2024, 0, 1);
const SECOND_MS = 1000;
const PIECE_BYTES = 256 * 1024;

type StoredFile = Upload & { readonly modified: number };

/** Stores uploads in memory within bounds, and serves `synthetic-<bytes>.bin` in any size up to 4 GiB. */
export class FileStore {
  /** Oldest first. */
  readonly #files = new Map<string, StoredFile>();
  #uploads = 0;

  /** Stores an upload. Returns whether it replaced a file. */
  put(name: string, upload: Upload): boolean {
    const replaced = this.#files.delete(name);
    this.#uploads += 1;
    // One second later for each upload, so that no two versions share a date and runs are reproducible.
    this.#files.set(name, { ...upload, modified: MODIFIED + this.#uploads * SECOND_MS });
    this.#evict();
    return replaced;
  }

  /** Finds a file. An upload hides the synthetic file of the same name. */
  find(name: string): ReadableFile | DroppedFile | undefined {
    const stored = this.#files.get(name);
    if (stored === undefined) return syntheticFile(name);
    const { bytes, sha256, contentType, content, modified } = stored;
    if (content === undefined) return { bytes, sha256 };
    const pieces = (from: number, length: number) => piecesOf(content.subarray(from, from + length));
    return { bytes, contentType, etag: `"${sha256}"`, modified, pieces };
  }

  #evict(): void {
    let kept = 0;
    for (const [name, file] of [...this.#files].reverse()) {
      kept += file.content?.length ?? 0;
      if (kept > MAX_KEPT_BYTES_TOTAL) this.#files.set(name, { ...file, content: undefined });
    }
    const [oldest] = this.#files.keys();
    if (oldest !== undefined && this.#files.size > MAX_FILES) this.#files.delete(oldest);
  }
}

function* piecesOf(content: Buffer): Generator<Buffer> {
  for (let from = 0; from < content.length; from += PIECE_BYTES)
    yield content.subarray(from, from + PIECE_BYTES);
}

function syntheticFile(name: string): ReadableFile | undefined {
  const [, digits] = /^synthetic-(0|[1-9]\d{0,9})\.bin$/.exec(name) ?? [];
  const bytes = Number(digits);
  if (digits === undefined || bytes > MAX_SYNTHETIC_BYTES) return undefined;
  return {
    bytes,
    contentType: 'application/octet-stream',
    etag: `"synthetic-${bytes}"`,
    modified: MODIFIED,
    pieces: patternPieces,
  };
}
