import { AppError, type ErrorReason } from '../errors.ts';

type FaultRule = {
  /** Reason of the error response. */
  reason: ErrorReason;
  /** A retry may succeed, if the call may be repeated. */
  retry?: true;
  /** The circuit breaker counts the fault as a failure of the upstream: it shows that the upstream is not healthy. */
  breaks?: true;
};

/**
 * Every way a call to an upstream can fail, as one closed map. The keys are also values of the metric label `outcome`.
 * Only faults that show that the upstream is not healthy open the breaker. Others can depend on the input of one caller,
 * such as the media type or the size of a named file, and must not block the upstream for all callers.
 */
export const faults = {
  /** DNS returned no address. */
  dns: { reason: 'upstream_unreachable', retry: true, breaks: true },
  /** DNS or the configuration gave an address that is not public. Nothing was sent. */
  address: { reason: 'upstream_unreachable' },
  /** The connection was refused, or the connect timeout expired. */
  connect: { reason: 'upstream_unreachable', retry: true, breaks: true },
  /** The connection ended before a response, after the whole request was sent. */
  reset: { reason: 'upstream_unreachable', retry: true, breaks: true },
  /** The connection ended before the whole upload was sent: some servers reject an upload this way. */
  upload_reset: { reason: 'upstream_refused' },
  /** The deadline expired after the request was sent. */
  deadline: { reason: 'upstream_timeout', breaks: true },
  /** The deadline expired while the call waited for a connection in the queue. */
  waited: { reason: 'upstream_timeout' },
  /** The queue for a connection is full. */
  queue_full: { reason: 'upstream_overloaded' },
  /** The circuit breaker is open. Nothing was sent. */
  breaker_open: { reason: 'upstream_overloaded' },
  /** A pause that began with `throttled` or `unavailable` is not over. Nothing was sent. */
  paused: { reason: 'upstream_overloaded' },
  /** 429, or 403 with Retry-After or a rate limit that is used up. */
  throttled: { reason: 'upstream_overloaded' },
  /** 503. */
  unavailable: { reason: 'upstream_overloaded', retry: true, breaks: true },
  /** Any other 5xx, except those of `client_error`. */
  server_error: { reason: 'upstream_bad_answer', retry: true, breaks: true },
  /** Any other 4xx, and the 5xx that concern only the request: 501, 505 and 507. */
  client_error: { reason: 'upstream_refused' },
  /** 404 or 410 from an endpoint with `mayBeMissing`. */
  missing: { reason: 'not_found' },
  /** A 3xx that is not followed. */
  redirect: { reason: 'upstream_bad_answer' },
  /** A status that does not match the request: 206 or 304 without a range or condition, or 1xx. */
  status: { reason: 'upstream_bad_answer' },
  /** The response is not valid HTTP, or its headers are too large. */
  protocol: { reason: 'upstream_bad_answer', breaks: true },
  /** The media type is not one that the endpoint declares. */
  media_type: { reason: 'upstream_bad_answer' },
  /** The body is not UTF-8. */
  charset: { reason: 'upstream_bad_answer' },
  /** The body was cut off or does not have the announced length. */
  truncated: { reason: 'upstream_bad_answer', retry: true, breaks: true },
  /** The decoded body exceeds the size limit. */
  too_large: { reason: 'upstream_bad_answer' },
  not_json: { reason: 'upstream_bad_answer' },
  /** The JSON does not match the declared schema. */
  schema: { reason: 'upstream_bad_answer' },
  /** The caller aborted the call. */
  cancelled: { reason: 'upstream_unreachable' },
} as const satisfies Record<string, FaultRule>;

export type Fault = keyof typeof faults;

/**
 * A call to an upstream failed. The cause, which goes into the log, at least names the fault. Neither the message nor
 * the cause contains text from the upstream, because that text may repeat the caller's input.
 */
export class UpstreamFailure extends AppError {
  readonly fault: Fault;
  /** Seconds that the upstream asked callers to wait. Undefined if it gave no time. */
  readonly statedWaitSeconds: number | undefined;

  constructor(
    fault: Fault,
    options: {
      cause?: unknown;
      statedWaitSeconds?: number | undefined;
      /** Default: `statedWaitSeconds`. */
      retryAfterSeconds?: number | undefined;
    } = {},
  ) {
    const { cause, statedWaitSeconds, retryAfterSeconds = statedWaitSeconds } = options;
    super(faults[fault].reason, {
      cause: cause ?? new Error(`fault: ${fault}`),
      ...(fault === 'missing' ? { message: 'The upstream has no such resource.' } : {}),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
    this.fault = fault;
    this.statedWaitSeconds = statedWaitSeconds;
  }
}

export function ruleOf(fault: Fault): FaultRule {
  return faults[fault];
}
