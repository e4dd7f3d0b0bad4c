import { AppError, type ErrorReason } from '../errors.ts';

type FaultRule = {
  /** What the caller is told. */
  reason: ErrorReason;
  /** Another try may do better, where the call may be repeated. */
  retry?: true;
  /** Says that the upstream is not well: counted by its circuit breaker. */
  breaks?: true;
};

/**
 * Every way a call to an upstream can fail, as one closed map. The names are also the `fault` of the metrics. A 4xx
 * is the upstream at work and never opens the breaker; neither does what happens on this side of the connection.
 */
export const faults = {
  /** DNS gave no address. */
  dns: { reason: 'upstream_unreachable', retry: true, breaks: true },
  /** DNS or the setting gave an address that is not public; nothing was sent. */
  address: { reason: 'upstream_unreachable', breaks: true },
  /** Refused, or not answered in the time for connecting. */
  connect: { reason: 'upstream_unreachable', retry: true, breaks: true },
  /** The connection ended before an answer. */
  reset: { reason: 'upstream_unreachable', retry: true, breaks: true },
  /** The deadline passed while the upstream had the request. */
  deadline: { reason: 'upstream_timeout', breaks: true },
  /** The deadline passed while the call waited for a connection of ours. */
  waited: { reason: 'upstream_timeout' },
  /** Too many calls wait already. */
  queue_full: { reason: 'upstream_overloaded' },
  /** The circuit breaker is open: the upstream was not asked. */
  breaker_open: { reason: 'upstream_overloaded' },
  /** It said when it wants to be asked again, and that time has not come: it was not asked. */
  paused: { reason: 'upstream_overloaded' },
  /** 429, or 403 that names a time. */
  throttled: { reason: 'upstream_overloaded' },
  /** 503. */
  unavailable: { reason: 'upstream_overloaded', retry: true, breaks: true },
  /** Any other 5xx. */
  server_error: { reason: 'upstream_bad_answer', retry: true, breaks: true },
  /** Any other 4xx. */
  client_error: { reason: 'upstream_refused' },
  /** 404 or 410 where the caller named the thing. */
  missing: { reason: 'not_found' },
  /** 3xx: never followed. */
  redirect: { reason: 'upstream_bad_answer', breaks: true },
  /** A status that answers nothing that was asked: 206 or 304 unasked, 1xx. */
  status: { reason: 'upstream_bad_answer', breaks: true },
  /** Not HTTP, or headers without an end. */
  protocol: { reason: 'upstream_bad_answer', breaks: true },
  media_type: { reason: 'upstream_bad_answer', breaks: true },
  /** Not UTF-8. */
  charset: { reason: 'upstream_bad_answer', breaks: true },
  /** Cut off, or not of the length that was announced. */
  truncated: { reason: 'upstream_bad_answer', retry: true, breaks: true },
  /** More decoded bytes than are taken. */
  too_large: { reason: 'upstream_bad_answer', breaks: true },
  not_json: { reason: 'upstream_bad_answer', breaks: true },
  /** JSON of another shape than declared. */
  schema: { reason: 'upstream_bad_answer', breaks: true },
  /** The caller left. */
  cancelled: { reason: 'upstream_unreachable' },
} as const satisfies Record<string, FaultRule>;

export type Fault = keyof typeof faults;

/**
 * A call to an upstream that failed; its cause, for the log, at least names the fault. The upstream's own words are in none of it, not even in the cause: they may
 * repeat what the caller asked.
 */
export class UpstreamFailure extends AppError {
  readonly fault: Fault;

  constructor(fault: Fault, options: { cause?: unknown; retryAfterSeconds?: number | undefined } = {}) {
    const { cause, retryAfterSeconds } = options;
    super(faults[fault].reason, {
      cause: cause ?? new Error(`fault: ${fault}`),
      ...(fault === 'missing' ? { message: 'The upstream knows nothing of this.' } : {}),
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
    this.fault = fault;
  }
}

export function ruleOf(fault: Fault): FaultRule {
  return faults[fault];
}
