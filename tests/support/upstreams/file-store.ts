import type { Validators } from './conditions.ts';
import { patternPieces } from './pattern.ts';

/** What was read of an upload. */
export interface Upload {
  readonly bytes: number;
  readonly sha256: string;
  readonly contentType: string;
  /** Undefined above what the store keeps of one file. */
  readonly content: Buffer | undefined;
}

/** A file that can be read. */
export interface ReadableFile extends Required<Validators> {
  readonly bytes: number;
  readonly contentType: string;
  readonly pieces: (from: number, length: number) => Iterable<Uint8Array>;
}

/** A file of which only size and hash are left. */
export interface ForgottenFile {
  readonly bytes: number;
  readonly sha256: string;
}

export const MAX_KEPT_BYTES = 16 * 2 ** 20;
const MAX_KEPT_ALTOGETHER = 64 * 2 ** 20;
const MAX_REMEMBERED = 1000;
const MAX_SYNTHETIC_BYTES = 4 * 2 ** 30;
const MODIFIED = Date.UTC(2024, 0, 1);
const SECOND_MS = 1000;
const PIECE_BYTES = 256 * 1024;

type StoredFile = Upload & { readonly modified: number };

/** Uploads in memory, within bounds, and the endless supply of `synthetic-<bytes>.bin`. */
export class FileStore {
  /** Oldest first. */
  readonly #files = new Map<string, StoredFile>();
  #uploads = 0;

  /** Whether it took the place of another. */
  put(name: string, upload: Upload): boolean {
    const replaced = this.#files.delete(name);
    this.#uploads += 1;
    // A second for each upload: no two versions share a date, and runs are alike.
    this.#files.set(name, { ...upload, modified: MODIFIED + this.#uploads * SECOND_MS });
    this.#forget();
    return replaced;
  }

  /** An upload hides the synthetic file of the same name. */
  find(name: string): ReadableFile | ForgottenFile | undefined {
    const stored = this.#files.get(name);
    if (stored === undefined) return syntheticFile(name);
    const { bytes, sha256, contentType, content, modified } = stored;
    if (content === undefined) return { bytes, sha256 };
    const pieces = (from: number, length: number) => piecesOf(content.subarray(from, from + length));
    return { bytes, contentType, etag: `"${sha256}"`, modified, pieces };
  }

  #forget(): void {
    let kept = 0;
    for (const [name, file] of [...this.#files].reverse()) {
      kept += file.content?.length ?? 0;
      if (kept > MAX_KEPT_ALTOGETHER) this.#files.set(name, { ...file, content: undefined });
    }
    const [oldest] = this.#files.keys();
    if (oldest !== undefined && this.#files.size > MAX_REMEMBERED) this.#files.delete(oldest);
  }
}

function* piecesOf(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += PIECE_BYTES) yield content.subarray(at, at + PIECE_BYTES);
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
