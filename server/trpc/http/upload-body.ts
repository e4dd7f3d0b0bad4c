import { limits } from '../../config/limits.ts';
import { isAppError } from '../../errors.ts';
import { uploadCutOff } from '../../files/incoming.ts';
import { bodyTooLarge } from '../../http/body.ts';
import { bodyStream } from '../../http/body-stream.ts';
import { decodePathSegment } from '../../http/decode-path.ts';
import { HttpError } from '../../http/http-error.ts';
import { readFormFile } from '../../http/multipart.ts';
import type { HttpRequest } from '../../http/request.ts';
import { mediaTypeOf } from '../../lib/media-type.ts';
import { StreamedUpload } from '../upload-input.ts';

type UploadBodyOptions = {
  /** Maximum size of the file. */
  maxBytes: number;
  /** Called with the size of each chunk. */
  count: (bytes: number) => void;
  /** Called after the last chunk: throws if the caller may no longer upload. */
  authorize: () => Promise<void>;
};

/** Header with the name of a file that is sent without a form, percent-encoded as in a URL. */
const nameHeader = 'x-file-name';

/** Returns the body of a request as the input of an upload procedure. Nothing is read before the procedure asks for it. */
export function uploadBodyOf(request: HttpRequest, options: UploadBodyOptions): StreamedUpload {
  const contentType = request.headers.get('content-type') ?? '';
  const isForm = mediaTypeOf(contentType) === 'multipart/form-data';
  const maxBytes = options.maxBytes + (isForm ? limits.files.formOverhead : 0);

  return new StreamedUpload(async () => {
    const bytes = declaredLength(request);
    if (bytes !== undefined && bytes > maxBytes) throw bodyTooLarge(maxBytes);
    const chunks = received(request, { ...options, maxBytes });
    if (isForm) return { ...(await readFormFile(chunks, contentType)), bytes: undefined };
    return { name: sentName(request), mediaType: undefined, bytes, chunks };
  });
}

function declaredLength({ headers }: HttpRequest): number | undefined {
  const length = headers.get('content-length');
  return length === null || headers.get('transfer-encoding') !== null ? undefined : Number(length);
}

async function* received(
  request: HttpRequest,
  { maxBytes, count, authorize }: UploadBodyOptions,
): AsyncGenerator<Uint8Array> {
  const body = request.body ?? new Blob([]).stream();
  try {
    yield* bodyStream(body, { maxBytes, stall: limits.raw.stall, pace: limits.raw.uploadPace, count });
  } catch (cause) {
    if (isAppError(cause)) throw cause;
    throw uploadCutOff(cause);
  }
  await authorize();
}

/** @throws HttpError `invalid_input` */
function sentName({ headers }: HttpRequest): string | undefined {
  const header = headers.get(nameHeader);
  if (header === null) return undefined;
  const name = decodeName(header);
  if (name.length <= limits.files.sentNameLength) return name;
  throw new HttpError('invalid_input', { message: `${nameHeader} is too long.` });
}

function decodeName(header: string): string {
  try {
    return decodePathSegment(header);
  } catch (cause) {
    throw new HttpError('invalid_input', { message: `${nameHeader} is not percent-encoded UTF-8.`, cause });
  }
}
