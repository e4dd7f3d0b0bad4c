import type { Env } from '../env.ts';
import { setCorsHeaders } from './cors.ts';
import { inertContentPolicy, setSecurityHeaders } from './security-headers.ts';

/** The headers that every answer which is no page carries, whatever became of the request. */
export function finishHeaders(
  headers: Headers,
  options: {
    requestId: string;
    /** The request's Origin header. */
    origin: string | null;
    env: Pick<Env, 'SITE_URL' | 'ALLOWED_ORIGINS'>;
  },
): void {
  headers.set('x-request-id', options.requestId);
  headers.set('content-security-policy', inertContentPolicy);
  setSecurityHeaders(headers, options.env.SITE_URL);
  setCorsHeaders(headers, options.origin, options.env.ALLOWED_ORIGINS);
}
