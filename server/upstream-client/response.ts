import { acceptsMediaType } from '../lib/media-type.ts';
import type { CallEndpoint, Endpoint, EndpointData } from './endpoint.ts';
import { type Fault, UpstreamFailure } from './failure.ts';
import { firstValue, type UpstreamResponse } from './http.ts';
import type { RetryHint } from './retry-after.ts';
import { describeIssues } from './schema-issues.ts';

/**
 * Rejects a response by its status. No text of the response is used, not even in the log, because it may repeat the
 * caller's input.
 *
 * @param options.expected accepted statuses besides 2xx, for requests with a range or a condition: 206, 304, 412, 416
 * @throws UpstreamFailure
 */
export function rejectErrorStatus(
  { status, mediaType, retry }: UpstreamResponse,
  { mayBeMissing = false, expected = [] }: { mayBeMissing?: boolean; expected?: readonly number[] } = {},
): void {
  if (expected.includes(status) || (status >= 200 && status < 300 && status !== 206)) return;
  const fault = faultOf(status, mayBeMissing, retry);
  throw new UpstreamFailure(fault, {
    cause: new Error(`the upstream responded with ${status} and ${describeMediaType(mediaType)}`),
    ...(fault === 'throttled' || fault === 'unavailable' ? { statedWaitSeconds: retry.seconds } : {}),
  });
}

/** 5xx that concern only the request: a method, a protocol version or a size that the upstream does not support. */
const requestStatuses: ReadonlySet<number> = new Set([501, 505, 507]);

function faultOf(status: number, mayBeMissing: boolean, { hasRetryAfter, isExhausted }: RetryHint): Fault {
  if (mayBeMissing && (status === 404 || status === 410)) return 'missing';
  if (status === 429 || (status === 403 && (hasRetryAfter || isExhausted))) return 'throttled';
  if (status === 503) return 'unavailable';
  if (status >= 500 && !requestStatuses.has(status)) return 'server_error';
  if (status >= 400) return 'client_error';
  return status >= 300 && status !== 304 ? 'redirect' : 'status';
}

/** Returns the media types that an endpoint accepts. */
export function acceptedTypes({ answer }: Endpoint): readonly string[] {
  return answer.mediaTypes ?? [answer.kind === 'json' ? 'application/json' : 'text/plain'];
}

/** @throws UpstreamFailure `media_type` */
export function checkMediaType(endpoint: Endpoint, { mediaType }: Pick<UpstreamResponse, 'mediaType'>): void {
  if (acceptsMediaType(acceptedTypes(endpoint), mediaType)) return;
  throw new UpstreamFailure('media_type', {
    cause: new Error(`the response has ${describeMediaType(mediaType)}`),
  });
}

/**
 * Parses and validates the body of a response.
 *
 * @throws UpstreamFailure `not_json` or `schema`
 */
export function parseResponse<E extends CallEndpoint>(endpoint: E, text: string): EndpointData<E> {
  const schema: E['answer']['schema'] = endpoint.answer.schema;
  const result = schema.safeParse(endpoint.answer.kind === 'json' ? parseJson(text) : text);
  if (result.success) return result.data;
  throw new UpstreamFailure('schema', { cause: new Error(describeIssues(schema, result.error)) });
}

const commonMediaTypes =
  /^(?:text\/(?:html|plain|xml|css|csv)|application\/(?:json|problem\+json|xml|pdf|zip|gzip|octet-stream|javascript))$/;

/** Describes a media type for the log. Only common types are named, because others are text from the upstream. */
function describeMediaType(mediaType: string): string {
  if (mediaType === '') return 'no media type';
  return commonMediaTypes.test(mediaType) ? `media type ${mediaType}` : 'an uncommon media type';
}

/**
 * Parses JSON. The parser's error is not kept as the cause because it quotes the text.
 *
 * @throws UpstreamFailure `not_json`
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UpstreamFailure('not_json', {
      cause: new Error(`the body is not JSON (${text.length} characters)`),
    });
  }
}

/** Returns the response headers that the endpoint forwards. */
export function forwardedResponseHeaders(
  { responseHeaders = [] }: Endpoint,
  headers: UpstreamResponse['headers'],
): Record<string, string> {
  return Object.fromEntries(
    responseHeaders.flatMap((name) => {
      const value = firstValue(headers[name]);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
