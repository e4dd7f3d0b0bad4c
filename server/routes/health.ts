import type { Env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { authenticate } from '../http/authenticate.ts';
import { rejectCrossOrigin } from '../http/csrf.ts';
import { type Handler, handleRequest } from '../http/handle-request.ts';
import { HttpError } from '../http/http-error.ts';
import { type HttpRequest, targetOf } from '../http/request.ts';
import { type HttpResponse, jsonResponse, type ResponseHeaders } from '../http/response.ts';
import { lifecycle } from '../process/lifecycle.ts';
import { readiness } from '../readiness.ts';
import { services } from '../services.ts';
import { handleGet } from './get-only.ts';

/**
 * `/healthz`: reports that this process is alive. It checks no dependency, so that a slow one never causes a restart.
 */
export function handleHealth(request: HttpRequest): Promise<HttpResponse> {
  return handleGet(request, '/healthz', async () => uncachedJson(200, { status: 'ok' }), { hosts: 'any' });
}

/**
 * `/readyz`: responds with 200 if this process should receive requests, otherwise 503, and with the state of each
 * dependency. An excluded dependency is reported but does not affect the status.
 */
export function handleReadiness(request: HttpRequest): Promise<HttpResponse> {
  const handler = async () => {
    const exclude = targetOf(request).searchParams.getAll('exclude');
    if (exclude.some((name) => name !== 'database')) {
      throw new HttpError('invalid_input', { message: 'Only database can be excluded.' });
    }
    const state = await readiness({ needsDatabase: exclude.length === 0 });
    if (state.status === 'ready') return uncachedJson(200, state);
    return uncachedJson(503, state, { 'retry-after': String(limits.unavailableRetryAfterSeconds) });
  };
  return handleGet(request, '/readyz', handler, { hosts: 'any' });
}

const loopback = new Set(['127.0.0.1', '::/64']);

/** Returns whether a visitor is on this machine. Without the node server in front, any client can say so. */
function isLocal({ key }: { key: string }, { NODE_ENV }: Pick<Env, 'NODE_ENV'>): boolean {
  return loopback.has(key) && (lifecycle.hasNodeServer || NODE_ENV === 'development');
}

/** `/metrics`: Prometheus metrics, for callers on this machine and for service keys with the scope `metrics`. */
export function handleMetrics(request: HttpRequest): Promise<HttpResponse> {
  const handler: Handler = async (_, scope) => {
    const { env, metrics } = services();
    rejectCrossOrigin(request, { siteUrl: env.SITE_URL, allowedOrigins: env.ALLOWED_ORIGINS });
    const principal = authenticate(request, env);
    scope.principal = principal;
    if (principal.kind === 'service' && !principal.scopes.includes('metrics'))
      throw new HttpError('forbidden');
    if (principal.kind === 'visitor' && !isLocal(principal, env)) {
      throw new HttpError('unauthorized');
    }
    const body = await metrics.text();
    return {
      status: 200,
      headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' },
      body,
    };
  };
  return handleGet(request, '/metrics', handler, { hosts: 'address' });
}

/** Rejects every path under `/api` that is not a route. */
export function handleUnknownApi(request: HttpRequest): Promise<HttpResponse> {
  const handler = async () => {
    throw new HttpError('not_found');
  };
  return handleRequest(request, { name: '/api/*', handler }, services());
}

function uncachedJson(status: number, body: unknown, headers: ResponseHeaders = {}): HttpResponse {
  return jsonResponse(body, { status, headers: { 'cache-control': 'no-store', ...headers } });
}
