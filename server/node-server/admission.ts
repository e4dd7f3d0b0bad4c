import type { IncomingMessage, ServerResponse } from 'node:http';
import { limits } from '../config/limits.ts';
import { formRoutes } from '../config/paths.ts';
import { clientAddressOf } from '../http/client-address.ts';
import { HttpError } from '../http/http-error.ts';
import { createConcurrencyLimit } from '../lib/concurrency.ts';
import { bucketOf } from '../principal.ts';
import type { RateLimiter } from '../rate-limit/rate-limiter.ts';
import { declaredLength } from './incoming-body.ts';
import { isNextPath } from './is-next-path.ts';
import { NodeHeaders } from './node-request.ts';

/** Kinds of requests that Next handles. Each has its own concurrency limit. */
export type NextRequestKind = 'page' | 'form' | 'file' | 'redirect' | 'custom';

/** Files that Next serves without rendering a page. */
const filePath = /^\/_next\/|^\/[^/]+\.\w+$/;

export function kindOf(path: string): NextRequestKind {
  // Next redirects these to their plain form, before it reads a body.
  if (path.includes('//') || (path.length > 1 && path.endsWith('/'))) return 'redirect';
  if (isNextPath(path)) return 'custom';
  if (formRoutes.includes(path)) return 'form';
  return filePath.test(path) ? 'file' : 'page';
}

/**
 * Checks the method and the body of a request for Next. Next would buffer any body before it checks the method, so
 * pages and files take none, and forms only a small one whose length is declared. Route handlers of the team's own decide
 * themselves.
 *
 * @throws HttpError `method_not_allowed`, `invalid_input` or `payload_too_large`
 */
export function checkBody(message: IncomingMessage, kind: NextRequestKind): void {
  if (kind === 'redirect' || kind === 'custom') return;
  const length = declaredLength(message);
  if (kind === 'form') {
    if (message.method !== 'POST') throw new HttpError('method_not_allowed', { headers: { allow: 'POST' } });
    if (length === undefined) throw new HttpError('invalid_input', { message: 'Send a Content-Length.' });
    if (length <= limits.formBodyBytes) return;
    throw new HttpError('payload_too_large', {
      message: `The body is larger than ${limits.formBodyBytes} bytes.`,
    });
  }
  if (message.method !== 'GET' && message.method !== 'HEAD') {
    throw new HttpError('method_not_allowed', { headers: { allow: 'GET, HEAD' } });
  }
  if (length !== 0) throw new HttpError('invalid_input', { message: 'Send no body.' });
}

/** The reason why Next does not handle a request now. */
export type Overload = { status: 429 | 503; retryAfterSeconds: number };

/** Limits the requests that Next handles: their concurrency, in total and per client, and the rate of pages per client. */
export function createAdmission(options: {
  trustedHops: number;
  rateLimiter: Pick<RateLimiter, 'charge'>;
  metrics: { rateLimited(name: 'page'): void };
}) {
  const { trustedHops, rateLimiter, metrics } = options;
  const concurrency = {
    page: createConcurrencyLimit(limits.nodeServer.pages),
    form: createConcurrencyLimit(limits.nodeServer.forms),
    file: createConcurrencyLimit(limits.nodeServer.files),
    redirect: createConcurrencyLimit(limits.nodeServer.files),
    custom: createConcurrencyLimit(limits.nodeServer.pages),
  };

  /** Admits a request until its response is closed. @returns the reason if it is not admitted */
  return async function admit(
    message: IncomingMessage,
    response: ServerResponse,
    kind: NextRequestKind,
  ): Promise<Overload | undefined> {
    const address = clientAddressOf(new NodeHeaders(message.headers), trustedHops);
    const bucket = bucketOf({ kind: 'visitor', key: address });
    if (kind === 'page') {
      const { allowed, resetSeconds } = await rateLimiter.charge('page', bucket);
      if (!allowed) {
        metrics.rateLimited('page');
        return { status: 429, retryAfterSeconds: resetSeconds };
      }
    }
    const slot = concurrency[kind].acquire(bucket);
    if (slot.exceeded) {
      const status = slot.exceeded === 'total' ? 503 : 429;
      return { status, retryAfterSeconds: limits.nodeServer.overloadRetryAfterSeconds };
    }
    if (response.destroyed) slot.release();
    else response.once('close', slot.release);
    return undefined;
  };
}
