import { finished } from 'node:stream';
import { limits } from '../config/limits.ts';
import { rawEndpoint } from '../config/paths.ts';
import { authenticate } from '../http/authenticate.ts';
import { bodyStream } from '../http/body-stream.ts';
import { preflightResponse } from '../http/cors.ts';
import { rejectCrossOrigin } from '../http/csrf.ts';
import { handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import type { HttpResponse, ResponseHeaders } from '../http/response.ts';
import type { RequestScope } from '../observability/request-scope.ts';
import { traceIds } from '../observability/trace-context.ts';
import { enforce } from '../rate-limit/enforce.ts';
import { services } from '../services.ts';
import { checkContentEncoding } from '../trpc/http/parse-request.ts';
import type { RawEndpoint, Upstream } from '../upstream-client/endpoint.ts';
import { findRawEndpoints, type RawMatch } from '../upstream-client/match.ts';
import { parsePath } from '../upstream-client/path-segment.ts';
import type { RawAnswer, RawCall } from '../upstream-client/stream.ts';
import { proxiedUpstreams } from '../upstreams/index.ts';

/** `/api/raw/<upstream>/…`: files and other streams of declared raw endpoints, in both directions. */
export function handleUpstreamFile(request: HttpRequest): Promise<HttpResponse> {
  return handleRequest(request, { name: `${rawEndpoint}/[...path]`, handler: answer }, services());
}

async function answer(request: HttpRequest, scope: RequestScope): Promise<HttpResponse> {
  const { env, upstreams, log } = services();
  const { pathname, searchParams } = targetOf(request);
  const [name = '', ...segments] = parsePath(pathname.slice(rawEndpoint.length));
  const upstream = upstreamCalled(name);
  const matches = upstream ? findRawEndpoints(upstream, segments) : [];
  if (!upstream || matches.length === 0) throw new HttpError('not_found');

  const allowed = matches.flatMap(({ endpoint: { method } }) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  );
  if (request.method === 'OPTIONS') {
    return preflightResponse(request, env.ALLOWED_ORIGINS, allowed.join(', '));
  }
  const match = matches.find(({ endpoint }) => endpoint.method === methodAsked(request));
  if (!match) throw new HttpError('method_not_allowed', { headers: { allow: allowed.join(', ') } });
  if (match.endpoint.method !== 'GET') {
    rejectCrossOrigin(request, { siteUrl: env.SITE_URL, allowedOrigins: env.ALLOWED_ORIGINS });
  }
  const principal = authenticate(request, env);
  scope.principal = principal;
  const upload = uploadOf(request, match.endpoint, scope);
  await enforce({ principal, scope, services: services() }, 'upstream');

  const result = await upstreams.stream(upstream, match.endpoint, {
    method: request.method === 'HEAD' ? 'HEAD' : match.endpoint.method,
    params: match.params,
    query: Object.fromEntries(searchParams),
    header: (header) => request.headers.get(header),
    signal: request.signal,
    ...(upload ? { upload } : {}),
  });
  // Whoever reads the stream does so outside of this request.
  const ids = { requestId: scope.requestId, ...traceIds() };
  return respond(request, match, result, (bytesOut, error) => {
    scope.bytesOut = bytesOut;
    const { bytesIn } = scope;
    const fields = { ...ids, upstream: upstream.name, bytesIn, bytesOut };
    if (error) log.warn({ ...fields, err: error }, 'stream cut off');
    else log.info(fields, 'stream complete');
  });
}

function upstreamCalled(name: string): Upstream | undefined {
  return Object.values<Upstream>(proxiedUpstreams).find((upstream) => upstream.name === name);
}

function methodAsked(request: HttpRequest): string {
  return request.method === 'HEAD' ? 'GET' : request.method;
}

/** @throws Refusal `unsupported_media_type`, `payload_too_large` or `invalid_input` */
function uploadOf(request: HttpRequest, { upload }: RawEndpoint, scope: RequestScope): RawCall['upload'] {
  if (!upload) return undefined;
  checkContentEncoding(request);
  const { mediaTypes, maxBytes = limits.raw.bytes } = upload;
  const contentType = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!mediaTypes.includes(contentType)) {
    throw new HttpError('unsupported_media_type', { message: `Send ${mediaTypes.join(' or ')}.` });
  }
  const announced = request.headers.get('content-length');
  const length = announced === null ? undefined : Number(announced);
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
  return { contentType, length, body: bodyStream(body, { maxBytes, stall: limits.raw.stall, count }) };
}

function respond(
  request: HttpRequest,
  { endpoint, params }: RawMatch,
  { status, contentType, length, headers: passed, body, received }: RawAnswer,
  ended: (bytes: number, error: Error | undefined) => void,
): HttpResponse {
  const { publicFor, fileName } = endpoint.answer;
  const headers: ResponseHeaders = { ...passed };
  // Never transformed on the way: a range of compressed bytes is another one.
  headers['cache-control'] =
    publicFor === undefined
      ? 'private, no-cache, no-transform'
      : `public, max-age=${publicFor}, no-transform`;
  if (contentType !== undefined) headers['content-type'] = contentType;
  if (length !== undefined) headers['content-length'] = String(length);
  // A file is for saving: shown under this origin it could do what this origin's pages can.
  if (endpoint.method === 'GET') {
    headers['content-disposition'] = `attachment; filename="${fileNameOf(fileName, params)}"`;
  }
  if (!body || request.method === 'HEAD') {
    ended(0, undefined);
    return { status, headers, body: null };
  }
  finished(body, (error) =>
    ended(received(), error ? (body.errored ?? new Error('the client left')) : undefined),
  );
  return { status, headers, body };
}

function fileNameOf(template: string, params: Record<string, string>): string {
  return template
    .replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '')
    .replace(/[^\w.@+-]/g, '_')
    .slice(-200);
}
