import { resolveResponse } from '@trpc/server/http';
import { createHttpContext } from '../context.ts';
import { limits } from '../limits.ts';
import { trpcEndpoint } from '../paths.ts';
import type { RequestScope } from '../request-scope.ts';
import { appRouter } from '../router.ts';
import { services } from '../services.ts';
import { toAppError } from '../trpc.ts';
import { readBody } from './body.ts';
import { preflightResponse } from './cors.ts';
import { refuseCrossOrigin } from './origin.ts';
import { principalOf } from './principal.ts';
import { serve } from './serve.ts';
import { bearerChallenge } from './service-key.ts';
import {
  allowedMethods,
  calledPath,
  calledProcedures,
  checkBatch,
  checkContentEncoding,
  checkContentType,
  checkMethod,
  checkMethodAtAll,
  checkQuery,
} from './trpc-calls.ts';

/** Every tRPC call that comes over HTTP: what may not pass is refused before anything is spent on it. */
export function handleTrpc(request: Request): Promise<Response> {
  return serve(request, { name: `${trpcEndpoint}/[trpc]`, handler: answer, pathOf: calledPath });
}

async function answer(request: Request, scope: RequestScope): Promise<Response> {
  const { env, log } = services();
  checkMethodAtAll(request);
  const called = calledProcedures(request);
  scope.isBatch = called.length > 1;
  if (request.method === 'OPTIONS') {
    return preflightResponse(request, env.ALLOWED_ORIGINS, allowedMethods(called));
  }
  checkMethod(request.method, called);
  const kind = checkContentType(request, called);
  checkContentEncoding(request);
  if (allowedMethods(called) === 'POST') {
    refuseCrossOrigin(request, { siteUrl: env.SITE_URL, allowedOrigins: env.ALLOWED_ORIGINS });
  }
  checkBatch(called);
  checkQuery(request);
  const principal = principalOf(request, env);
  scope.principal = principal;
  const body = await readBody(request, {
    maxBytes: kind === 'form' ? limits.formBodyBytes : limits.jsonBodyBytes,
    deadline: limits.bodyDeadline,
  });
  scope.bytesIn = body?.byteLength ?? 0;

  // Not tRPC's fetch adapter: it reads the path by rules of its own, and what it calls must be what was checked.
  const response = await resolveResponse({
    path: calledPath(request),
    error: null,
    req: rebuild(request, body),
    router: appRouter,
    maxBatchSize: limits.batchSize,
    // Sensitive queries come by POST; that they come by POST alone was checked above.
    allowMethodOverride: true,
    createContext: async () => createHttpContext({ request, principal, scope, services: services() }),
    onError: ({ error, path }) => {
      const appError = toAppError(error);
      const { retryAfterSeconds = 0 } = appError;
      if (retryAfterSeconds > (scope.retryAfterSeconds ?? -1)) scope.retryAfterSeconds = retryAfterSeconds;
      if (appError.httpStatus >= 500 && !request.signal.aborted) {
        log.error({ path, reason: appError.reason, err: error }, 'call failed');
      }
    },
  });
  return finish(response, scope);
}

/** The same request with the body that was read and counted, and a content type that tRPC's exact match knows. */
function rebuild(request: Request, body: Uint8Array<ArrayBuffer> | undefined): Request {
  const headers = new Headers(request.headers);
  // Streams are not served: they have one status for all calls and answers that are no JSON.
  headers.delete('accept');
  headers.delete('trpc-accept');
  const contentType = headers.get('content-type');
  if (contentType?.toLowerCase().startsWith('application/json')) {
    headers.set('content-type', 'application/json');
  }
  return new Request(request.url, {
    method: request.method,
    headers,
    signal: request.signal,
    ...(body ? { body } : {}),
  });
}

async function finish(response: Response, scope: RequestScope): Promise<Response> {
  const body = await response.arrayBuffer();
  scope.bytesOut = body.byteLength;
  const headers = new Headers({
    'content-type': 'application/json',
    'content-length': String(body.byteLength),
    'cache-control': 'private, no-store',
    ...(response.status === 401 ? bearerChallenge : {}),
    ...(scope.retryAfterSeconds ? { 'retry-after': String(scope.retryAfterSeconds) } : {}),
  });
  return new Response(body, { status: response.status, headers });
}
