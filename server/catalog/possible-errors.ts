import { type ErrorCode, type ErrorReason, errorReasonNames, errorReasons } from '../errors.ts';
import { allowedMethodsOf } from '../trpc/allowed-methods.ts';
import type { ProcedureEntry } from '../trpc/procedure-registry.ts';

/** A way in which a call can be refused or fail, as the envelope tells it. */
export type PossibleError = {
  reason: ErrorReason;
  httpStatus: number;
  code: ErrorCode;
  /** What the caller reads when there is nothing more precise to say. */
  message: string;
};

/** What the door and the limits can refuse any call for, and the one failure that is nobody's plan. */
const ofEveryCall: readonly ErrorReason[] = [
  'invalid_input',
  'batch_too_large',
  'unauthorized',
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

/** Every error that a call of the procedure can give, in the order of `errorReasons`. */
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
