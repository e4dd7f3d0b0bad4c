import { Readable } from 'node:stream';
import { MIMEType } from 'node:util';
import { Busboy } from '@fastify/busboy';
import { limits } from '../config/limits.ts';
import { type AppError, isAppError } from '../errors.ts';
import { mediaTypeOf } from '../lib/media-type.ts';
import { HttpError } from './http-error.ts';

/** The file of a multipart form. */
export type FormFile = {
  name: string | undefined;
  /** In lower case, without parameters. */
  mediaType: string | undefined;
  /** Throws if the form is not valid, also after the last chunk of the file. */
  chunks: AsyncIterable<Uint8Array>;
};

/** The field of the file. */
const fileField = 'file';

/** The characters of a boundary (RFC 2046, section 5.1.1). */
const boundaryCharacters = /^[\w'()+,./:=? -]+$/;

/**
 * Reads a multipart form with exactly one part, the file (RFC 7578), while it arrives. The file is not kept in memory.
 *
 * @throws HttpError `invalid_input`; and what the body throws
 */
export async function readFormFile(body: AsyncIterable<Uint8Array>, contentType: string): Promise<FormFile> {
  if (!hasBoundary(contentType)) throw invalidForm('The Content-Type has no valid boundary.');
  const source = Readable.from(body);
  const parser = new Busboy({
    headers: { 'content-type': contentType },
    limits: {
      fieldNameSize: 100,
      fieldSize: 1,
      // One more than allowed, so that the message can say what is wrong.
      parts: 2,
      headerPairs: 10,
      headerSize: limits.files.partHeaderBytes,
    },
  });
  const first = Promise.withResolvers<FormFile>();
  const end = Promise.withResolvers<void>();
  // The reader of the file handles the rejection.
  end.promise.catch(() => {});
  let content: Readable | undefined;

  function fail(error: unknown): void {
    const cause = formErrorOf(error);
    first.reject(cause);
    end.reject(cause);
    content?.destroy(cause);
    source.destroy();
    parser.destroy();
  }

  parser.on('file', (field, stream, name, _encoding, mediaType) => {
    // Without a listener, an error of a part that is not read would end the process.
    stream.on('error', () => {});
    if (content) return fail(invalidForm('Send one file.'));
    if (field !== fileField) return fail(unknownField(field));
    content = stream;
    first.resolve({ name, mediaType: mediaTypeOf(mediaType) || undefined, chunks: chunksOf(stream) });
  });
  parser.on('field', (field) => fail(field === fileField ? notAFile() : unknownField(field)));
  parser.once('partsLimit', () => fail(invalidForm('Send one file.')));
  parser.once('error', fail);
  parser.once('finish', () => {
    first.reject(new HttpError('invalid_input', { fieldErrors: { [fileField]: ['Send a file.'] } }));
    end.resolve();
  });
  source.once('error', fail);
  source.pipe(parser);

  async function* chunksOf(stream: Readable): AsyncGenerator<Uint8Array> {
    try {
      yield* stream;
      await end.promise;
    } catch (error) {
      throw formErrorOf(error);
    } finally {
      source.destroy();
      parser.destroy();
    }
  }
  return first.promise;
}

function hasBoundary(contentType: string): boolean {
  try {
    const boundary = new MIMEType(contentType).params.get('boundary') ?? '';
    return boundary.length <= 70 && boundaryCharacters.test(boundary);
  } catch {
    return false;
  }
}

function formErrorOf(error: unknown): AppError {
  return isAppError(error) ? error : invalidForm('The form is not complete or not valid.', error);
}

function invalidForm(message: string, cause?: unknown): HttpError {
  return new HttpError('invalid_input', { message, cause });
}

function notAFile(): HttpError {
  return new HttpError('invalid_input', { fieldErrors: { [fileField]: ['Send a file, not a text.'] } });
}

function unknownField(field: string): HttpError {
  const name = field.slice(0, 100);
  return new HttpError('invalid_input', { fieldErrors: { [name]: ['This field is not known.'] } });
}
