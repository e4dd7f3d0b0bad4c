import { finished } from 'node:stream';
import { filesEndpoint } from '../config/paths.ts';
import type { StoredFile } from '../files/file-service.ts';
import { authenticate } from '../http/authenticate.ts';
import { type ByteRange, byteRangeOf } from '../http/byte-range.ts';
import { isNotModified } from '../http/conditional-request.ts';
import { attachmentNamed } from '../http/content-disposition.ts';
import { preflightResponse } from '../http/cors.ts';
import { handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import type { HttpResponse, ResponseHeaders } from '../http/response.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { traceIds } from '../observability/trace-context.ts';
import { type Principal, requireUser } from '../principal.ts';
import { enforce, takeShare } from '../rate-limit/enforce.ts';
import { services } from '../services.ts';

const allow = 'GET, HEAD';

/** A file cannot do anything with the rights of this site, even if a browser displays it. */
const filePolicy = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** `/api/files/<id>/<name>`: a file of a bucket, always as an attachment. */
export function handleFile(request: HttpRequest): Promise<HttpResponse> {
  return handleRequest(request, { name: `${filesEndpoint}/[...path]`, handler: handleDownload }, services());
}

async function handleDownload(request: HttpRequest, scope: RequestScope): Promise<HttpResponse> {
  const { env, identity, rateLimiter, metrics, shares, files } = services();
  const [id = '', , ...rest] = targetOf(request)
    .pathname.slice(filesEndpoint.length + 1)
    .split('/');
  if (!/^[\da-f-]{36}$/.test(id) || rest.length > 0) throw new HttpError('not_found');
  if (request.method === 'OPTIONS') return preflightResponse(request, env.ALLOWED_ORIGINS, allow);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    throw new HttpError('method_not_allowed', { headers: { allow } });
  }
  const principal = await authenticate(request, env, identity?.callers.api);
  scope.principal = principal;
  await enforce({ principal, scope, rateLimiter, metrics }, 'light');
  const file = await files.find(id);
  requireReader(file, principal);

  const headers = headersOf(file);
  const lastModified = new Date(file.createdAt);
  if (isNotModified(request, { etag: headers.etag, lastModified })) {
    const { etag, vary, 'cache-control': cacheControl } = headers;
    return { status: 304, headers: { etag, vary, 'cache-control': cacheControl }, body: null };
  }
  const range = rangeOf(request, file, headers.etag);
  const length = range ? range.end - range.start + 1 : file.bytes;
  const response = {
    status: range ? 206 : 200,
    headers: {
      ...headers,
      'last-modified': lastModified.toUTCString(),
      'content-length': String(length),
      ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${file.bytes}` } : {}),
    },
  };
  if (request.method === 'HEAD') return { ...response, body: null };
  const url = await files.downloadUrl(file, {
    contentType: headers['content-type'],
    contentDisposition: headers['content-disposition'],
  });
  if (url !== undefined) return redirectTo(url);
  const release = takeShare(shares.downloads, principal);
  const body = await files.read(file, { range, signal: request.signal }).catch((error: unknown) => {
    release();
    throw error;
  });
  // The stream ends outside the context of this request, so its ids are read now.
  const ids = { requestId: scope.requestId, ...traceIds() };
  scope.bytesOut = length;
  finished(body, (error) => {
    release();
    if (error && !request.signal.aborted)
      services().log.warn({ ...ids, file: id, err: error }, 'file cut off');
  });
  return { ...response, body };
}

/**
 * Visitors learn nothing about a file that is not public, not even that it exists.
 *
 * @throws AppError `not_found`, or the reasons of a user who is not signed in
 */
function requireReader(file: StoredFile | undefined, principal: Principal): asserts file is StoredFile {
  if (file?.settings.visibility === 'public' || principal.kind === 'internal') {
    if (file) return;
    throw new HttpError('not_found');
  }
  if (requireUser(principal, {}).id !== file?.userId) throw new HttpError('not_found');
}

function headersOf(file: StoredFile) {
  const { settings, sha256, mediaType, name } = file;
  return {
    'content-type': isPassive(mediaType) ? mediaType : 'application/octet-stream',
    'content-disposition': attachmentNamed(name),
    'content-security-policy': filePolicy,
    'cross-origin-resource-policy': settings.visibility === 'public' ? 'cross-origin' : 'same-origin',
    'accept-ranges': 'bytes',
    vary: settings.visibility === 'public' ? 'Origin' : 'Cookie, Authorization',
    // no-transform: byte ranges of a compressed body would not match those of the file.
    'cache-control':
      settings.visibility === 'public'
        ? 'public, max-age=300, no-transform'
        : 'private, no-cache, no-transform',
    etag: `"${sha256}"`,
  } satisfies ResponseHeaders;
}

/** Returns whether a browser that displays a file of this type runs nothing in it. */
function isPassive(mediaType: string): boolean {
  return !/^(?:text\/html|(?:text|application)\/(?:[\w.+-]+\+)?xml|image\/svg\+xml)$/.test(mediaType);
}

/** @throws HttpError `range_not_satisfiable` */
function rangeOf(request: HttpRequest, file: StoredFile, etag: string): ByteRange | undefined {
  const ifRange = request.headers.get('if-range');
  if (ifRange !== null && ifRange !== etag) return undefined;
  const range = byteRangeOf(request.headers.get('range'), file.bytes);
  if (range !== 'unsatisfiable') return range;
  throw new HttpError('range_not_satisfiable', { headers: { 'content-range': `bytes */${file.bytes}` } });
}

function redirectTo(location: string): HttpResponse {
  return {
    status: 302,
    headers: { location, 'cache-control': 'private, no-store', 'referrer-policy': 'no-referrer' },
    body: null,
  };
}
