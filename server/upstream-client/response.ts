import type { CallEndpoint, Endpoint, EndpointData } from './endpoint.ts';
import { type Fault, UpstreamFailure } from './failure.ts';
import { one, type UpstreamResponse } from './http.ts';
import { describeIssues } from './schema-issues.ts';

/**
 * Turns away what is no answer by its status. The upstream's own words go nowhere, not even into the log: they may
 * repeat what the caller asked.
 *
 * @param answered statuses besides 2xx that were asked for: 206, 304, 416
 * @throws UpstreamFailure
 */
export function rejectFailure(
  { status, mediaType, retryAfterSeconds }: UpstreamResponse,
  { mayBeMissing = false, answered = [] }: { mayBeMissing?: boolean; answered?: readonly number[] } = {},
): void {
  if (answered.includes(status) || (status >= 200 && status < 300 && status !== 206)) return;
  const fault = faultOf(status, mayBeMissing, retryAfterSeconds);
  throw new UpstreamFailure(fault, {
    cause: new Error(`the upstream answered ${status} as ${knownMediaType(mediaType)}`),
    ...(fault === 'throttled' || fault === 'unavailable' ? { retryAfterSeconds } : {}),
  });
}

function faultOf(status: number, mayBeMissing: boolean, retryAfterSeconds: number | undefined): Fault {
  if (mayBeMissing && (status === 404 || status === 410)) return 'missing';
  if (status === 429 || (status === 403 && retryAfterSeconds !== undefined)) return 'throttled';
  if (status === 503) return 'unavailable';
  if (status >= 500) return 'server_error';
  if (status >= 400) return 'client_error';
  return status >= 300 && status !== 304 ? 'redirect' : 'status';
}

/** Media types that an endpoint's answer may have. */
export function acceptedTypes({ answer }: Endpoint): readonly string[] {
  return answer.mediaTypes ?? [answer.kind === 'json' ? 'application/json' : 'text/plain'];
}

/** @throws UpstreamFailure `media_type` */
export function checkMediaType(endpoint: Endpoint, { mediaType }: Pick<UpstreamResponse, 'mediaType'>): void {
  if (acceptedTypes(endpoint).includes(mediaType)) return;
  throw new UpstreamFailure('media_type', { cause: new Error(`the answer is ${knownMediaType(mediaType)}`) });
}

/**
 * A text as the endpoint's schema has it.
 *
 * @throws UpstreamFailure `not_json` or `schema`
 */
export function parseResponse<E extends CallEndpoint>(endpoint: E, text: string): EndpointData<E> {
  const schema: E['answer']['schema'] = endpoint.answer.schema;
  const result = schema.safeParse(endpoint.answer.kind === 'json' ? parseJson(text) : text);
  if (result.success) return result.data;
  throw new UpstreamFailure('schema', { cause: new Error(describeIssues(schema, result.error)) });
}

const common =
  /^(?:text\/(?:html|plain|xml|css|csv)|application\/(?:json|problem\+json|xml|pdf|zip|gzip|octet-stream|javascript))$/;

/** A media type that is no word of the upstream's own. */
function knownMediaType(mediaType: string): string {
  if (mediaType === '') return 'of no media type';
  return common.test(mediaType) ? mediaType : 'of another media type';
}

/**
 * A parse error would quote the text.
 *
 * @throws UpstreamFailure `not_json`
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UpstreamFailure('not_json', {
      cause: new Error(`${text.length} characters that are not JSON`),
    });
  }
}

/** Those headers of an answer that the endpoint lets through. */
export function passedResponseHeaders(
  { responseHeaders = [] }: Endpoint,
  headers: UpstreamResponse['headers'],
): Record<string, string> {
  return Object.fromEntries(
    responseHeaders.flatMap((name) => {
      const value = one(headers[name]);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
