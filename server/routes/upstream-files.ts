import { finished } from 'node:stream';
import { limits } from '../config/limits.ts';
import { rawEndpoint } from '../config/paths.ts';
import type { ErrorReason } from '../errors.ts';
import { authenticate } from '../http/authenticate.ts';
import { bodyStream } from '../http/body-stream.ts';
import { attachmentNamed } from '../http/content-disposition.ts';
import { checkContentEncoding } from '../http/content-encoding.ts';
import { preflightResponse } from '../http/cors.ts';
import { rejectCrossOrigin } from '../http/csrf.ts';
import { handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import type { HttpResponse, ResponseHeaders } from '../http/response.ts';
import { acceptsMediaType, anyMediaType, mediaTypeOf } from '../lib/media-type.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { traceIds } from '../observability/trace-context.ts';
import { requireScope, requireUser } from '../principal.ts';
import { enforce, takeShare } from '../rate-limit/enforce.ts';
import { services } from '../services.ts';
import { requiredScopeOf } from '../upstream-client/access.ts';
import { isForUser, type RawEndpoint, type Upstream } from '../upstream-client/endpoint.ts';
import { findRawEndpoints, type RawMatch } from '../upstream-client/match.ts';
import { parsePath } from '../upstream-client/path-segment.ts';
import type { RawCall, RawResponse } from '../upstream-client/stream.ts';
import { proxiedUpstreams } from '../upstreams/index.ts';

/** Type of an upload without Content-Type, and of files whose own type must not be sent. */
const defaultMediaType = 'application/octet-stream';

/** `/api/raw/<upstream>/…`: streams files and other bodies of declared raw endpoints, in both directions. */
export function handleUpstreamFile(request: HttpRequest): Promise<HttpResponse> {
  return handleRequest(request, { name: `${rawEndpoint}/[...path]`, handler: handleTransfer }, services());
}

async function handleTransfer(request: HttpRequest, scope: RequestScope): Promise<HttpResponse> {
  const { env, upstreams, log, rateLimiter, shares, metrics, identity } = services();
  const { pathname, searchParams } = targetOf(request);
  const [name = '', ...segments] = parsePath(pathname.slice(rawEndpoint.length));
  const upstream = findUpstream(name);
  const matches = upstream ? findRawEndpoints(upstream, segments) : [];
  if (!upstream || matches.length === 0) throw new HttpError('not_found');

  const allowed = matches.flatMap(({ endpoint: { method } }) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  );
  if (request.method === 'OPTIONS') {
    return preflightResponse(request, env.ALLOWED_ORIGINS, allowed.join(', '));
  }
  const match = matches.find(({ endpoint }) => endpoint.method === endpointMethodOf(request));
  if (!match) throw new HttpError('method_not_allowed', { headers: { allow: allowed.join(', ') } });
  if (match.endpoint.method !== 'GET') {
    rejectCrossOrigin(request, { siteUrl: env.SITE_URL, allowedOrigins: env.ALLOWED_ORIGINS });
  }
  const forUser = isForUser(upstream, match.endpoint);
  const principal = await authenticate(request, env, forUser ? identity?.callers.api : undefined);
  scope.principal = principal;
  const user = forUser ? identity?.callUser(requireUser(principal, { session: true })) : undefined;
  if (forUser && !user) throw new HttpError('sign_in_required');
  const requiredScope = requiredScopeOf(upstream, match.endpoint);
  if (requiredScope !== undefined) requireScope(principal, requiredScope);
  const upload = uploadOf(request, match.endpoint, scope);
  await enforce({ principal, scope, rateLimiter, metrics }, 'upstream');

  const release = takeShare(shares.streams, principal);
  const result = await upstreams
    .stream(upstream, match.endpoint, {
      method: request.method === 'HEAD' ? 'HEAD' : match.endpoint.method,
      params: match.params,
      query: Object.fromEntries(searchParams),
      header: (header) => request.headers.get(header),
      signal: request.signal,
      user,
      ...(upload ? { upload } : {}),
    })
    .catch((error: unknown) => {
      release();
      throw error;
    });
  // The stream ends outside the context of this request, so its ids are read now.
  const ids = { requestId: scope.requestId, ...traceIds() };
  return respond(request, match, result, (bytesOut, error) => {
    release();
    scope.bytesOut = bytesOut;
    const { bytesIn } = scope;
    const fields = { ...ids, upstream: upstream.name, bytesIn, bytesOut };
    if (error) log.warn({ ...fields, err: error }, 'stream cut off');
    else log.info(fields, 'stream complete');
  });
}

function findUpstream(name: string): Upstream | undefined {
  return Object.values<Upstream>(proxiedUpstreams).find((upstream) => upstream.name === name);
}

function endpointMethodOf(request: HttpRequest): string {
  return request.method === 'HEAD' ? 'GET' : request.method;
}

/** @throws HttpError `unsupported_media_type`, `payload_too_large` or `invalid_input` */
function uploadOf(request: HttpRequest, { upload }: RawEndpoint, scope: RequestScope): RawCall['upload'] {
  if (!upload) return undefined;
  checkContentEncoding(request);
  const { mediaTypes, maxBytes = limits.raw.bytes } = upload;
  const contentType = mediaTypeOf(request.headers.get('content-type'));
  if (contentType === 'multipart/form-data') {
    throw new HttpError('unsupported_media_type', { message: 'Send the bytes of the file, not a form.' });
  }
  if (!acceptsMediaType(mediaTypes, contentType)) {
    const message = `The Content-Type must be ${mediaTypes.includes(anyMediaType) ? 'valid' : mediaTypes.join(' or ')}.`;
    throw new HttpError('unsupported_media_type', { message });
  }
  const contentLength = request.headers.get('content-length');
  const length = contentLength === null ? undefined : Number(contentLength);
  if (length !== undefined && length > maxBytes) {
    throw new HttpError('payload_too_large', {
      message: `The body is larger than ${maxBytes} bytes.`,
      headers: { connection: 'close' },
    });
  }
  const count = (bytes: number) => {
    scope.bytesIn += bytes;
  };
  const body = request.body ?? new Blob([]).stream();
  return {
    contentType: contentType || defaultMediaType,
    length,
    body: bodyStream(body, { maxBytes, stall: limits.raw.stall, pace: limits.raw.uploadPace, count }),
  };
}

function respond(
  request: HttpRequest,
  { endpoint, params }: RawMatch,
  { status, contentType, length, headers: upstreamHeaders, body, received }: RawResponse,
  onEnd: (bytes: number, error: Error | undefined) => void,
): HttpResponse {
  const { publicFor, fileName } = endpoint.answer;
  const headers: ResponseHeaders = { ...upstreamHeaders };
  const reason = errorReasonOf(status);
  if (reason) {
    onEnd(0, undefined);
    throw new HttpError(reason, { headers });
  }
  // no-transform: byte ranges of a compressed body would not match those of the file.
  headers['cache-control'] =
    publicFor === undefined
      ? 'private, no-cache, no-transform'
      : `public, max-age=${publicFor}, no-transform`;
  if (contentType !== undefined) {
    headers['content-type'] = isActive(contentType) ? defaultMediaType : contentType;
  }
  if (length !== undefined) headers['content-length'] = String(length);
  // Files are saved, not displayed: rendered under this origin, a file would have the rights of this site's pages.
  headers['content-disposition'] = attachmentNamed(fileNameOf(fileName, params));
  if (!body || request.method === 'HEAD') {
    onEnd(0, undefined);
    return { status, headers, body: null };
  }
  finished(body, (error) =>
    onEnd(received(), error ? (body.errored ?? new Error('the client disconnected')) : undefined),
  );
  return { status, headers, body };
}

/** Returns the reason for a status that the request's range or condition caused. */
function errorReasonOf(status: number): ErrorReason | undefined {
  if (status === 412) return 'precondition_failed';
  return status === 416 ? 'range_not_satisfiable' : undefined;
}

function fileNameOf(template: string, params: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
}

/**
 * Returns whether a page of this origin could run or apply a file of this type although it is an attachment. The names
 * of types are those of https://mimesniff.spec.whatwg.org/#javascript-mime-type.
 */
function isActive(contentType: string): boolean {
  return /^(?:text|application)\/(?:css|(?:x-)?(?:java|ecma|j|live)script(?:1\.\d)?)(?:;|$)/.test(
    contentType,
  );
}
