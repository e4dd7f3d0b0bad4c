import { limits } from '../../config/limits.ts';
import { trpcEndpoint } from '../../config/paths.ts';
import { isJsonContentType } from '../../http/content-type.ts';
import { decodePathSegment } from '../../http/decode-path.ts';
import { HttpError } from '../../http/http-error.ts';
import { type HttpRequest, targetOf } from '../../http/request.ts';
import { mediaTypeOf } from '../../lib/media-type.ts';
import { allowedMethodsOf } from '../allowed-methods.ts';
import { type ProcedureEntry, procedures } from '../procedure-registry.ts';

/** The procedures that a request calls; undefined for a path that does not exist. */
export type Called = readonly (ProcedureEntry | undefined)[];

/** Returns the called path as in the URL, not decoded; the paths of a batch are joined by commas. */
export function calledPath(request: HttpRequest): string {
  return targetOf(request).pathname.slice(trpcEndpoint.length + 1);
}

const methods = ['GET', 'POST', 'OPTIONS'];

/**
 * Rejects methods that no procedure accepts. Runs before the path is decoded.
 *
 * @throws HttpError `method_not_allowed`, with the `Allow` of the called procedures if the path can be decoded
 */
export function checkKnownMethod(request: HttpRequest): void {
  if (methods.includes(request.method)) return;
  let allow = 'GET, POST';
  try {
    allow = allowedMethods(callsOf(request).called);
  } catch {
    // The method is reported even if the path cannot be decoded.
  }
  throw new HttpError('method_not_allowed', { headers: { allow } });
}

/**
 * Returns the called procedures and their decoded paths. Only a batch has several.
 *
 * @throws HttpError `invalid_input` if the path cannot be decoded
 */
export function callsOf(request: HttpRequest): {
  called: Called;
  paths: readonly string[];
  isBatch: boolean;
} {
  const path = decodePathSegment(calledPath(request));
  const isBatch = queryParameter(request, 'batch') === '1';
  const paths = isBatch ? path.split(',') : [path];
  return { called: paths.map((called) => procedures.get(called)), paths, isBatch };
}

/** Returns a query parameter. Parses nothing if there is no query, as in most calls. */
export function queryParameter(request: HttpRequest, name: string): string | null {
  const target = targetOf(request);
  return target.search === '' ? null : target.searchParams.get(name);
}

/** Returns the methods of a request: POST only, if any call of the batch is POST-only. */
export function allowedMethods(called: Called): 'POST' | 'GET, POST' {
  const postOnly = called.some((procedure) => procedure && allowedMethodsOf(procedure).length === 1);
  return postOnly ? 'POST' : 'GET, POST';
}

/** @throws HttpError `method_not_allowed` with `Allow` */
export function checkMethod(method: string, called: Called): void {
  const allowed = allowedMethods(called);
  if (method === 'POST' || (method === 'GET' && allowed === 'GET, POST')) return;
  throw new HttpError('method_not_allowed', {
    headers: { allow: allowed },
    ...(method === 'GET'
      ? {
          message:
            "Use POST (in a tRPC link, methodOverride: 'POST'): the input of this procedure must not appear in a URL.",
        }
      : {}),
  });
}

/** A form with the file, or its bytes alone. */
const uploadTypes: readonly string[] = ['multipart/form-data', 'application/octet-stream'];

const multipart = /^multipart\/form-data\s*;/i;

/**
 * Returns the kind of the body. Every procedure that takes no file accepts JSON; a multipart form is accepted only by
 * procedures that declare it. Neither a form nor a file is accepted in a batch. A GET has no body and needs no content type.
 *
 * @throws HttpError `unsupported_media_type`
 */
export function checkContentType(request: HttpRequest, called: Called): 'json' | 'form' | 'upload' {
  const contentType = request.headers.get('content-type');
  if (called.length === 1 && called[0]?.meta.upload) {
    if (uploadTypes.includes(mediaTypeOf(contentType))) return 'upload';
    throw new HttpError('unsupported_media_type', { message: `Send ${uploadTypes.join(' or ')}.` });
  }
  const acceptsForm = called.length === 1 && called[0]?.meta.form === true;
  if (contentType === null ? request.method === 'GET' : isJsonContentType(contentType)) return 'json';
  if (acceptsForm && contentType !== null && multipart.test(contentType)) return 'form';
  throw new HttpError('unsupported_media_type', {
    message: acceptsForm ? 'Send application/json or multipart/form-data.' : 'Send application/json.',
  });
}

/** @throws HttpError `batch_too_large`, or `invalid_input` for queries and mutations in one batch */
export function checkBatch(called: Called): void {
  if (called.length > limits.batchSize) {
    throw new HttpError('batch_too_large', {
      message: `A batch may have at most ${limits.batchSize} calls. In a tRPC link, set maxItems: ${limits.batchSize}.`,
    });
  }
  if (called.length === 1) return;
  const types = new Set(called.flatMap((procedure) => (procedure ? [procedure.type] : [])));
  if (types.size > 1) {
    throw new HttpError('invalid_input', {
      message: 'A batch must not mix queries, mutations and subscriptions.',
    });
  }
}

/** @throws HttpError `uri_too_long`, or `invalid_input` for tRPC's connection parameters, which HTTP does not need */
export function checkQuery(request: HttpRequest): void {
  const { search } = targetOf(request);
  // The limit excludes the question mark.
  if (search.length - 1 > limits.queryBytes) {
    throw new HttpError('uri_too_long', {
      message: `The query is longer than ${limits.queryBytes} bytes. Use POST instead.`,
    });
  }
  if (queryParameter(request, 'connectionParams') !== null) {
    throw new HttpError('invalid_input', { message: 'Connection parameters are not supported.' });
  }
}
