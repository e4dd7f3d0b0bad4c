import { limits } from '../../config/limits.ts';
import { trpcEndpoint } from '../../config/paths.ts';
import { decodePathSegment } from '../../http/decode-path.ts';
import { HttpError } from '../../http/http-error.ts';
import { type HttpRequest, targetOf } from '../../http/request.ts';
import { allowedMethodsOf } from '../allowed-methods.ts';
import { type ProcedureEntry, procedures } from '../procedure-registry.ts';

/** The procedures that one request calls; undefined stands for one that does not exist. */
export type Called = readonly (ProcedureEntry | undefined)[];

/** What a request calls as its URL has it, several joined by commas in a batch. */
export function calledPath(request: HttpRequest): string {
  return targetOf(request).pathname.slice(trpcEndpoint.length + 1);
}

const methods = ['GET', 'POST', 'OPTIONS'];

/**
 * Before the path is even read.
 *
 * @throws Refusal `method_not_allowed` for one that no procedure has; `Allow` is then as precise as the path lets it be
 */
export function checkMethodAtAll(request: HttpRequest): void {
  if (methods.includes(request.method)) return;
  let allow = 'GET, POST';
  try {
    allow = allowedMethods(callsOf(request).called);
  } catch {
    // A path that cannot be decoded is not what this request is refused for.
  }
  throw new HttpError('method_not_allowed', { headers: { allow } });
}

/**
 * The procedures, and their paths as the caller wrote them; several only in a batch.
 *
 * @throws Refusal `invalid_input` when the path cannot be decoded
 */
export function callsOf(request: HttpRequest): {
  called: Called;
  paths: readonly string[];
  isBatch: boolean;
} {
  const path = decodePathSegment(calledPath(request));
  const isBatch = parameter(request, 'batch') === '1';
  const paths = isBatch ? path.split(',') : [path];
  return { called: paths.map((each) => procedures.get(each)), paths, isBatch };
}

/** Of the query, which most calls do not have: then nothing is parsed. */
export function parameter(request: HttpRequest, name: string): string | null {
  const target = targetOf(request);
  return target.search === '' ? null : target.searchParams.get(name);
}

/** By POST alone as soon as one of the calls is. */
export function allowedMethods(called: Called): 'POST' | 'GET, POST' {
  const postOnly = called.some((procedure) => procedure && allowedMethodsOf(procedure).length === 1);
  return postOnly ? 'POST' : 'GET, POST';
}

/** @throws Refusal `method_not_allowed` with `Allow` */
export function checkMethod(method: string, called: Called): void {
  const allowed = allowedMethods(called);
  if (method === 'POST' || (method === 'GET' && allowed === 'GET, POST')) return;
  throw new HttpError('method_not_allowed', {
    headers: { allow: allowed },
    ...(method === 'GET' ? { message: 'Call this by POST: what it takes must not stand in a URL.' } : {}),
  });
}

const json = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;
const multipart = /^multipart\/form-data\s*;/i;

/**
 * JSON for every procedure; a multipart form only for one that takes it, and never in a batch. A GET has no body
 * and needs no type.
 *
 * @throws Refusal `unsupported_media_type`
 */
export function checkContentType(request: HttpRequest, called: Called): 'json' | 'form' {
  const contentType = request.headers.get('content-type');
  const takesForm = called.length === 1 && called[0]?.meta.form === true;
  if (contentType === null ? request.method === 'GET' : json.test(contentType)) return 'json';
  if (takesForm && contentType !== null && multipart.test(contentType)) return 'form';
  throw new HttpError('unsupported_media_type', {
    message: takesForm ? 'Send application/json or multipart/form-data.' : 'Send application/json.',
  });
}

/** @throws Refusal `unsupported_media_type`: a compressed body would have to be unpacked to be counted */
export function checkContentEncoding(request: HttpRequest): void {
  const encoding = request.headers.get('content-encoding');
  if (encoding === null || encoding.toLowerCase() === 'identity') return;
  throw new HttpError('unsupported_media_type', { message: 'Send the body without Content-Encoding.' });
}

/** @throws Refusal `batch_too_large`, or `invalid_input` for queries and mutations in one batch */
export function checkBatch(called: Called): void {
  if (called.length > limits.batchSize) {
    throw new HttpError('batch_too_large', { message: `A batch holds at most ${limits.batchSize} calls.` });
  }
  if (called.length === 1) return;
  const types = new Set(called.flatMap((procedure) => (procedure ? [procedure.type] : [])));
  if (types.size > 1) {
    throw new HttpError('invalid_input', { message: 'A batch holds either queries or mutations.' });
  }
}

/** @throws Refusal `uri_too_long`, or `invalid_input` for tRPC's connection parameters, which are not for HTTP */
export function checkQuery(request: HttpRequest): void {
  const { search } = targetOf(request);
  // Without the question mark.
  if (search.length - 1 > limits.queryBytes) {
    throw new HttpError('uri_too_long', {
      message: `The query is longer than ${limits.queryBytes} bytes. Call this by POST.`,
    });
  }
  if (parameter(request, 'connectionParams') !== null) {
    throw new HttpError('invalid_input', { message: 'Connection parameters are not taken here.' });
  }
}
