import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { createHttpContext } from '../context.ts';
import { limits } from '../limits.ts';
import { log } from '../log.ts';
import { trpcEndpoint } from '../paths.ts';
import { appRouter } from '../router.ts';
import { services } from '../services.ts';
import { toAppError } from '../trpc.ts';
import { readBody } from './body.ts';
import { withEnvelope } from './envelope.ts';
import { refuseCrossOrigin } from './origin.ts';
import { calledPath, calledProcedures, checkContentType, checkMethod } from './trpc-calls.ts';

/** Every tRPC call that comes over HTTP: what may not pass is refused before anything is spent on it. */
export function handleTrpc(request: Request): Promise<Response> {
  return withEnvelope(request, answer, calledPath);
}

async function answer(request: Request, requestId: string): Promise<Response> {
  const called = calledProcedures(request);
  checkMethod(request.method, called);
  const kind = checkContentType(request, called);
  if (request.method === 'POST') refuseCrossOrigin(request, services().env.SITE_URL);
  const body = await readBody(request, kind === 'form' ? limits.formBodyBytes : limits.jsonBodyBytes);

  const response = await fetchRequestHandler({
    endpoint: trpcEndpoint,
    req: rebuild(request, body),
    router: appRouter,
    maxBatchSize: limits.batchSize,
    // Sensitive queries come by POST; that they come by POST alone was checked above.
    allowMethodOverride: true,
    createContext: () => createHttpContext({ request, requestId, services: services() }),
    onError: ({ error, path }) => {
      const appError = toAppError(error);
      if (appError.httpStatus >= 500)
        log().error({ path, reason: appError.reason, err: error }, 'call failed');
    },
  });
  response.headers.set('cache-control', 'private, no-store');
  response.headers.set('x-content-type-options', 'nosniff');
  return response;
}

/** The same request with the body that was read and counted, and a content type that tRPC's exact match knows. */
function rebuild(request: Request, body: Uint8Array<ArrayBuffer> | undefined): Request {
  const headers = new Headers(request.headers);
  const contentType = headers.get('content-type');
  if (contentType?.toLowerCase().startsWith('application/json'))
    headers.set('content-type', 'application/json');
  return new Request(request.url, {
    method: request.method,
    headers,
    signal: request.signal,
    ...(body ? { body } : {}),
  });
}
