import { createHash, type Hash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';
import { makeFolder } from '../lib/make-folder.ts';
import { headBytes } from './media-type.ts';

/** The content of a file as a client sends it, and what the client says about it. */
export type IncomingFile = {
  name: string | undefined;
  /** In lower case, without parameters. */
  mediaType: string | undefined;
  /** Size in bytes, if the client has declared it. */
  bytes: number | undefined;
  /** Throws what makes the upload invalid, also after the last chunk. */
  chunks: AsyncIterable<Uint8Array>;
};

/** A file that was received completely, in a temporary file. */
export type ReceivedFile = {
  path: string;
  bytes: number;
  /** Hexadecimal. */
  sha256: string;
  /** The first `headBytes` bytes. */
  head: Uint8Array;
  /** Whether all of it is text in UTF-8. */
  isText: boolean;
};

/** Receives files into temporary files. */
export type Incoming = {
  /**
   * @param id of the file, from which the path is made
   * @throws AppError `payload_too_large`, `invalid_input`, `request_timeout` or `storage_unavailable`; what the chunks throw; and
   * the error of the disk. The temporary file is then deleted
   */
  receive(
    id: string,
    file: Pick<IncomingFile, 'chunks' | 'bytes'>,
    options: ReceiveOptions,
  ): Promise<ReceivedFile>;
  discard(id: string): Promise<void>;
  /** Deletes temporary files that an ended process has left behind. */
  discardOld(): Promise<void>;
};

type ReceiveOptions = { maxBytes: number; signal: AbortSignal };

/** @param folder on the disk of the files that are kept in a folder, so that a file can be moved */
export function createIncoming(folder: string): Incoming {
  const pathOf = (id: string) => join(folder, id);

  return {
    async receive(id, file, options) {
      await prepare(folder, file.bytes ?? options.maxBytes);
      const path = pathOf(id);
      // O_NOFOLLOW and O_EXCL: the file is new, and nothing in its place is followed.
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
      const handle = await open(path, flags, 0o600);
      try {
        const content = await write(handle, file.chunks, options);
        await handle.sync();
        return { path, ...content };
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      } finally {
        await handle.close();
      }
    },
    discard: (id) => rm(pathOf(id), { force: true }),
    async discardOld() {
      const oldest = Date.now() - limits.files.unfinishedKeptFor;
      for (const id of await readdir(folder).catch(() => [])) {
        const path = pathOf(id);
        const found = await lstat(path).catch(() => undefined);
        if (found?.isFile() && found.mtimeMs < oldest) await rm(path, { force: true });
      }
    },
  };
}

/**
 * Creates the folder, and checks that the disk has space for a file.
 *
 * @throws AppError `storage_unavailable`
 */
async function prepare(folder: string, bytes: number): Promise<void> {
  makeFolder(folder, 0o700);
  await requireFolder(folder);
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes + limits.files.freeBytes) return;
  throw new AppError('storage_unavailable', { cause: new Error('the disk of the files is almost full') });
}

/** @throws Error if a folder of the product was replaced by a link */
export async function requireFolder(folder: string): Promise<void> {
  if (!(await lstat(folder)).isDirectory()) throw new Error('A folder of the files is not a folder.');
}

async function write(
  handle: FileHandle,
  chunks: AsyncIterable<Uint8Array>,
  { maxBytes, signal }: ReceiveOptions,
): Promise<Omit<ReceivedFile, 'path'>> {
  const endsAt = performance.now() + limits.files.deadline;
  const sha256 = createHash('sha256');
  const text = createTextCheck();
  const head: Uint8Array[] = [];
  let headLength = 0;
  let bytes = 0;
  for await (const chunk of chunks) {
    if (signal.aborted) throw uploadCutOff(signal.reason);
    if (performance.now() > endsAt) throw new AppError('request_timeout');
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw fileTooLarge(maxBytes);
    if (headLength < headBytes) {
      const part = chunk.slice(0, headBytes - headLength);
      head.push(part);
      headLength += part.byteLength;
    }
    sha256.update(chunk);
    text.add(chunk);
    await writeAll(handle, chunk);
  }
  if (bytes === 0) throw new AppError('invalid_input', { fieldErrors: { file: ['The file is empty.'] } });
  return { bytes, sha256: hex(sha256), head: Buffer.concat(head), isText: text.end() };
}

/** The client's doing, not a failure of the storage. */
export function uploadCutOff(cause: unknown): AppError {
  return new AppError('invalid_input', { message: 'The upload was cut off.', cause });
}

export function fileTooLarge(maxBytes: number): AppError {
  return new AppError('payload_too_large', { message: `The file is larger than ${maxBytes} bytes.` });
}

function hex(hash: Hash): string {
  return hash.digest('hex');
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.byteLength; ) {
    const { bytesWritten } = await handle.write(chunk, offset);
    offset += bytesWritten;
  }
}

/** Control characters that text does not have. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const binary = /[\0-\x08\x0e-\x1a\x1c-\x1f]/;

/** Checks piece by piece whether a content is text in UTF-8. */
function createTextCheck(): { add(chunk: Uint8Array): void; end(): boolean } {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let isText = true;
  function check(decode: () => string): void {
    if (!isText) return;
    try {
      isText = !binary.test(decode());
    } catch {
      isText = false;
    }
  }
  return {
    add: (chunk) => check(() => decoder.decode(chunk, { stream: true })),
    end() {
      check(() => decoder.decode());
      return isText;
    },
  };
}
