import { finished } from 'node:stream';
import { chargeLimit } from '../charge-limit.ts';
import type { Answer, AnswerHeaders } from '../door/answer.ts';
import { preflightAnswer } from '../door/cors.ts';
import { type DoorRequest, targetOf } from '../door/door-request.ts';
import { incomingStream } from '../door/incoming-stream.ts';
import { refuseCrossOrigin } from '../door/origin.ts';
import { principalOf } from '../door/principal.ts';
import { Refusal } from '../door/refusal.ts';
import { serve } from '../door/serve.ts';
import { checkContentEncoding } from '../door/trpc-calls.ts';
import { limits } from '../limits.ts';
import { rawEndpoint } from '../paths.ts';
import type { RequestScope } from '../request-scope.ts';
import { services } from '../services.ts';
import { traceIds } from '../telemetry/trace-context.ts';
import type { RawEndpoint, Upstream } from '../upstream/endpoint.ts';
import { findRawEndpoints, type RawMatch } from '../upstream/match.ts';
import { parsePath } from '../upstream/path-segment.ts';
import type { RawAnswer, RawCall } from '../upstream/raw.ts';
import { proxiedUpstreams } from '../upstreams/index.ts';

/** `/api/raw/<upstream>/…`: files and other streams of declared raw endpoints, in both directions. */
export function handleRaw(request: DoorRequest): Promise<Answer> {
  return serve(request, { name: `${rawEndpoint}/[...path]`, handler: answer });
}

async function answer(request: DoorRequest, scope: RequestScope): Promise<Answer> {
  const { env, upstreams, log } = services();
  const { pathname, searchParams } = targetOf(request);
  const [name = '', ...segments] = parsePath(pathname.slice(rawEndpoint.length));
  const upstream = upstreamCalled(name);
  const matches = upstream ? findRawEndpoints(upstream, segments) : [];
  if (!upstream || matches.length === 0) throw new Refusal('not_found');

  const allowed = matches.flatMap(({ endpoint: { method } }) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  );
  if (request.method === 'OPTIONS') {
    return preflightAnswer(request, env.ALLOWED_ORIGINS, allowed.join(', '));
  }
  const match = matches.find(({ endpoint }) => endpoint.method === methodAsked(request));
  if (!match) throw new Refusal('method_not_allowed', { headers: { allow: allowed.join(', ') } });
  if (match.endpoint.method !== 'GET') {
    refuseCrossOrigin(request, { siteUrl: env.SITE_URL, allowedOrigins: env.ALLOWED_ORIGINS });
  }
  const principal = principalOf(request, env);
  scope.principal = principal;
  const upload = uploadOf(request, match.endpoint, scope);
  await chargeLimit({ principal, scope, services: services() }, 'upstream');

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

function methodAsked(request: DoorRequest): string {
  return request.method === 'HEAD' ? 'GET' : request.method;
}

/** @throws Refusal `unsupported_media_type`, `payload_too_large` or `invalid_input` */
function uploadOf(request: DoorRequest, { upload }: RawEndpoint, scope: RequestScope): RawCall['upload'] {
  if (!upload) return undefined;
  checkContentEncoding(request);
  const { mediaTypes, maxBytes = limits.raw.bytes } = upload;
  const contentType = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (!mediaTypes.includes(contentType)) {
    throw new Refusal('unsupported_media_type', { message: `Send ${mediaTypes.join(' or ')}.` });
  }
  const announced = request.headers.get('content-length');
  const length = announced === null ? undefined : Number(announced);
  if (length !== undefined && length > maxBytes) {
    throw new Refusal('payload_too_large', {
      message: `The body is larger than ${maxBytes} bytes.`,
      headers: { connection: 'close' },
    });
  }
  const count = (bytes: number) => {
    scope.bytesIn += bytes;
  };
  const body = request.body ?? new Blob([]).stream();
  return { contentType, length, body: incomingStream(body, { maxBytes, stall: limits.raw.stall, count }) };
}

function respond(
  request: DoorRequest,
  { endpoint, params }: RawMatch,
  { status, contentType, length, headers: passed, body, received }: RawAnswer,
  ended: (bytes: number, error: Error | undefined) => void,
): Answer {
  const { publicFor, fileName } = endpoint.answer;
  const headers: AnswerHeaders = { ...passed };
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
