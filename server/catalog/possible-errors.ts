import { type ErrorCode, type ErrorReason, errorReasonNames, errorReasons } from '../errors.ts';
import { allowedMethodsOf } from '../trpc/allowed-methods.ts';
import type { ProcedureEntry } from '../trpc/procedure-registry.ts';

/** A possible error of a call, as in the error response. */
export type PossibleError = {
  reason: ErrorReason;
  httpStatus: number;
  code: ErrorCode;
  /** Default message. An error may have a more specific one. */
  message: string;
};

/** Errors that any call can get: from the HTTP layer, from limits, and unexpected errors. */
const ofEveryCall: readonly ErrorReason[] = [
  'invalid_input',
  'batch_too_large',
  'unauthorized',
  'host_not_allowed',
  'method_not_allowed',
  'request_timeout',
  'payload_too_large',
  'uri_too_long',
  'unsupported_media_type',
  'rate_limited',
  'internal',
];

const ofUpstreams: readonly ErrorReason[] = [
  'upstream_unreachable',
  'upstream_bad_answer',
  'upstream_refused',
  'upstream_overloaded',
  'upstream_timeout',
];

/** Returns all possible errors of a procedure, in the order of `errorReasons`. */
export function possibleErrors(entry: Pick<ProcedureEntry, 'type' | 'meta'>): readonly PossibleError[] {
  const { meta } = entry;
  const reasons = new Set<ErrorReason>([
    ...ofEveryCall,
    ...(allowedMethodsOf(entry).includes('GET') ? [] : (['cross_origin'] as const)),
    ...(meta.scope === undefined ? [] : (['forbidden'] as const)),
    ...(meta.rateLimit === 'upstream' ? ofUpstreams : []),
    ...(meta.errors ?? []),
  ]);
  return errorReasonNames
    .filter((reason) => reasons.has(reason))
    .map((reason) => ({ reason, ...errorReasons[reason] }));
}
