import type { Env } from '../config/env.ts';
import { setCorsHeaders } from './cors.ts';
import type { HttpResponse, ResponseHeaders } from './response.ts';
import { inertContentPolicy, type SecuritySettings, securityHeaders } from './security-headers.ts';

/** Sets the headers that every response except a page carries, whether the request succeeded or failed. */
export function setCommonHeaders(
  headers: ResponseHeaders,
  options: {
    requestId: string;
    /** The request's Origin header. */
    origin: string | null;
    env: SecuritySettings & Pick<Env, 'ALLOWED_ORIGINS'>;
    page?: HttpResponse['page'];
  },
): void {
  headers['x-request-id'] = options.requestId;
  const { page } = options;
  headers['content-security-policy'] =
    page?.contentPolicy ?? headers['content-security-policy'] ?? inertContentPolicy;
  Object.assign(headers, securityHeaders(options.env));
  if (page) headers['referrer-policy'] = page.referrerPolicy;
  setCorsHeaders(headers, options.origin, options.env.ALLOWED_ORIGINS);
}
