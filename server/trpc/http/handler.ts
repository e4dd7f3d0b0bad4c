import { limits } from '../../config/limits.ts';
import { trpcEndpoint } from '../../config/paths.ts';
import { AppError } from '../../errors.ts';
import { authenticate } from '../../http/authenticate.ts';
import { readBody } from '../../http/body.ts';
import { checkContentEncoding } from '../../http/content-encoding.ts';
import { preflightResponse } from '../../http/cors.ts';
import { rejectCrossOrigin } from '../../http/csrf.ts';
import { handleRequest } from '../../http/handle-request.ts';
import { parseJsonBody, parseJsonParameter } from '../../http/json.ts';
import type { HttpRequest } from '../../http/request.ts';
import type { HttpResponse } from '../../http/response.ts';
import type { RequestScope } from '../../observability/request-scope.ts';
import { hasScope, type Principal, requireUser } from '../../principal.ts';
import { services } from '../../services.ts';
import { createHttpContext } from '../context.ts';
import { toAppError } from '../init.ts';
import { type Calls, callProcedures } from './call-procedures.ts';
import { streamEvents } from './event-stream.ts';
import { acceptsJsonLines, rejectedBody, singleLineFormat } from './json-lines.ts';
import {
  allowedMethods,
  type Called,
  calledPath,
  callsOf,
  checkBatch,
  checkContentType,
  checkKnownMethod,
  checkMethod,
  checkQuery,
  queryParameter,
} from './parse-request.ts';
import { streamCalls } from './stream-calls.ts';
import { uploadBodyOf } from './upload-body.ts';

/** Handles every tRPC request over HTTP. An invalid request is rejected before its body is read. */
export function handleTrpc(request: HttpRequest): Promise<HttpResponse> {
  return handleRequest(
    request,
    { name: `${trpcEndpoint}/[trpc]`, handler: handleCalls, pathOf: calledPath, errorBody: rejectedBody },
    services(),
  );
}

async function handleCalls(request: HttpRequest, scope: RequestScope): Promise<HttpResponse> {
  const { env, log, identity } = services();
  checkKnownMethod(request);
  const { called, paths, isBatch } = callsOf(request);
  scope.isBatch = called.length > 1;
  if (request.method === 'OPTIONS') {
    return preflightResponse(request, env.ALLOWED_ORIGINS, allowedMethods(called));
  }
  checkMethod(request.method, called);
  const kind = checkContentType(request, called);
  checkContentEncoding(request);
  if (allowedMethods(called) === 'POST') {
    rejectCrossOrigin(request, { siteUrl: env.SITE_URL, allowedOrigins: env.ALLOWED_ORIGINS });
  }
  checkBatch(called);
  checkQuery(request);
  const authenticated = authenticate(request, env, identity?.callers.api);
  const principal = authenticated instanceof Promise ? await authenticated : authenticated;
  scope.principal = principal;
  if (principal.kind === 'user' && !called.every(isPassive)) identity?.touch(principal.user);
  const body =
    kind !== 'upload' && called.some((procedure) => mayRun(procedure, principal))
      ? await readBody(request, {
          maxBytes: kind === 'form' ? limits.formBodyBytes : limits.jsonBodyBytes,
          deadline: limits.bodyDeadline,
        })
      : undefined;
  scope.bytesIn = body?.byteLength ?? 0;

  const calls: Calls = {
    paths,
    isBatch,
    readInput: kind === 'upload' ? uploadReader(request, called[0], scope) : inputReader(request, body, kind),
    isJson: kind === 'json',
    ctx: createHttpContext({ request, principal, scope, services: services() }),
    signal: request.signal,
    onError: ({ error, path }) => {
      const appError = toAppError(error);
      const { retryAfterSeconds = 0 } = appError;
      if (retryAfterSeconds > (scope.retryAfterSeconds ?? 0)) scope.retryAfterSeconds = retryAfterSeconds;
      if (appError.httpStatus >= 500 && !request.signal.aborted) {
        log.error({ path, reason: appError.reason, err: error }, 'call failed');
      }
    },
  };
  if (called.some((procedure) => procedure?.type === 'subscription')) {
    return streamEvents(calls, {
      once: queryParameter(request, 'once') === '1',
      authenticate: () => authenticate(request, env, identity?.callers.api),
    });
  }
  const hasLines = isBatch && acceptsJsonLines(request);
  if (hasLines && paths.length > 1) return streamCalls(calls, scope);
  const { status, body: json } = await callProcedures(calls, hasLines ? singleLineFormat : undefined);
  return jsonResponseOf(status, json, scope);
}

/** Returns whether a call does not count as use of the session: open pages repeat it without the user. */
function isPassive(procedure: Called[number]): boolean {
  return procedure?.meta.passive === true || procedure?.type === 'subscription';
}

/** Returns whether a call can need the body: it calls an existing procedure, with the key or user that this requires. */
function mayRun(procedure: Called[number], principal: Principal): boolean {
  if (procedure === undefined) return false;
  const { scope, user } = procedure.meta;
  return (
    (scope === undefined || hasScope(principal, scope)) && (user === undefined || principal.kind === 'user')
  );
}

/**
 * Returns a function that parses the raw input. A call runs it after its rate limit was charged. An empty POST body
 * means no input (undefined), as in tRPC 11.25.
 */
function inputReader(request: HttpRequest, body: Uint8Array<ArrayBuffer> | undefined, kind: 'json' | 'form') {
  return (): unknown => {
    if (kind === 'form') {
      const headers = { 'content-type': request.headers.get('content-type') ?? '' };
      return new Response(body, { headers }).formData();
    }
    if (request.method !== 'GET') return body?.byteLength ? parseJsonBody(body) : undefined;
    const input = queryParameter(request, 'input');
    return input ? parseJsonParameter('input', input) : undefined;
  };
}

/**
 * Returns a function that returns the body as an upload. At its end, the caller is authenticated again: a session can end during
 * a long upload.
 */
function uploadReader(request: HttpRequest, procedure: Called[number], scope: RequestScope) {
  const { env, identity } = services();
  const { upload, user = {} } = procedure?.meta ?? {};
  const { principal } = scope;
  return () =>
    uploadBodyOf(request, {
      maxBytes: upload?.maxBytes ?? 0,
      count: (bytes) => {
        scope.bytesIn += bytes;
      },
      async authorize() {
        if (principal?.kind !== 'user') return;
        const now = requireUser(await authenticate(request, env, identity?.callers.api), user);
        if (now.id !== principal.user.id) throw new AppError('session_ended');
      },
    });
}

function jsonResponseOf(status: number, json: string, scope: RequestScope): HttpResponse {
  scope.bytesOut = Buffer.byteLength(json);
  return {
    status,
    body: json,
    headers: {
      'content-type': 'application/json',
      'content-length': String(scope.bytesOut),
      'cache-control': 'private, no-store',
      ...(scope.retryAfterSeconds ? { 'retry-after': String(scope.retryAfterSeconds) } : {}),
    },
  };
}
