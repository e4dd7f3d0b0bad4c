import { type ProcedureEntry, procedures } from '../catalog/procedures.ts';
import { trpcEndpoint } from '../paths.ts';
import { decodePathSegment } from './path.ts';
import { Refusal } from './refusal.ts';

/** What a request calls; undefined stands for a procedure that does not exist. */
type Called = readonly (ProcedureEntry | undefined)[];

/** The procedures that a request calls, as its URL has them: several joined by commas in a batch. */
export function calledPath(request: Request): string {
  return new URL(request.url).pathname.slice(trpcEndpoint.length + 1);
}

/** @throws Refusal `invalid_input` when the path cannot be decoded */
export function calledProcedures(request: Request): Called {
  const path = decodePathSegment(calledPath(request));
  const paths = new URL(request.url).searchParams.get('batch') === '1' ? path.split(',') : [path];
  return paths.map((name) => procedures.get(name));
}

/**
 * Mutations and sensitive queries answer POST alone; public queries GET and POST.
 *
 * @throws Refusal `method_not_allowed` with `Allow`
 */
export function checkMethod(method: string, called: Called): void {
  const postOnly = called.some((procedure) => procedure?.type === 'mutation' || procedure?.meta.sensitive);
  const allowed = postOnly ? ['POST'] : ['GET', 'POST'];
  if (allowed.includes(method)) return;
  throw new Refusal('method_not_allowed', {
    message: postOnly
      ? 'Call this by POST: what it takes must not stand in a URL.'
      : 'This method is not allowed here.',
    headers: { allow: allowed.join(', ') },
  });
}

/**
 * JSON for every procedure; a multipart form only for one that takes it, and never in a batch.
 *
 * @throws Refusal `unsupported_media_type`
 */
export function checkContentType(request: Request, called: Called): 'json' | 'form' {
  const mediaType = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType === 'application/json') return 'json';
  if (mediaType === 'multipart/form-data' && called.length === 1 && called[0]?.meta.form) return 'form';
  if (mediaType === undefined && request.method === 'GET') return 'json';
  throw new Refusal('unsupported_media_type', {
    message: called.some((procedure) => procedure?.meta.form)
      ? 'Send application/json or multipart/form-data.'
      : 'Send application/json.',
  });
}
