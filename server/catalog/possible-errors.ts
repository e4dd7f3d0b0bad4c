import { type ErrorCode, type ErrorReason, errorReasonNames, errorReasons } from '../errors.ts';
import type { UserRequirement } from '../principal.ts';
import { allowedMethodsOf } from '../trpc/allowed-methods.ts';
import type { ProcedureEntry } from '../trpc/procedure-registry.ts';
import { requiredScopeOf } from '../upstream-client/access.ts';
import { isForUser, type RawEndpoint, type Upstream } from '../upstream-client/endpoint.ts';

/** A possible error of a call, as in the error response. */
export type PossibleError = {
  reason: ErrorReason;
  httpStatus: number;
  code: ErrorCode;
  /** Default message. An error may have a more specific one. */
  message: string;
};

/** Errors that a health check can get. It accepts every host. */
const ofHealthChecks: readonly ErrorReason[] = ['invalid_input', 'internal'];

/** Errors that any other request can get. */
const ofEveryRequest: readonly ErrorReason[] = [...ofHealthChecks, 'host_not_allowed'];

/** Further errors that any call can get, from the HTTP layer and from limits. */
const ofEveryCall: readonly ErrorReason[] = [
  'batch_too_large',
  'unauthorized',
  'method_not_allowed',
  'request_timeout',
  'payload_too_large',
  'uri_too_long',
  'unsupported_media_type',
  'rate_limited',
];

const ofUploads: readonly ErrorReason[] = [
  'cross_origin',
  'request_timeout',
  'payload_too_large',
  'unsupported_media_type',
];

/** Further errors of endpoints that are called on behalf of users. */
const ofUserTokens: readonly ErrorReason[] = [
  'sign_in_required',
  'session_ended',
  'identity_unavailable',
  'forbidden',
  'reauthentication_required',
];

/** Further errors of the status of this instance, where it is not public. */
const ofClosedStatus: readonly ErrorReason[] = [
  'sign_in_required',
  'session_ended',
  'identity_unavailable',
  'forbidden',
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
  return describe([
    ...ofEveryRequest,
    ...ofEveryCall,
    ...(allowedMethodsOf(entry).includes('GET') ? [] : (['cross_origin'] as const)),
    ...(meta.scope === undefined ? [] : (['forbidden'] as const)),
    ...(meta.user === undefined ? [] : userErrors(meta.user)),
    ...(meta.showsStatus ? ofClosedStatus : []),
    ...(meta.rateLimit === 'upstream' ? ofUpstreams : []),
    ...(meta.errors ?? []),
  ]);
}

function userErrors({ roles, scopes, maxAge, session }: UserRequirement): ErrorReason[] {
  return [
    'sign_in_required',
    'session_ended',
    'identity_unavailable',
    ...(roles || scopes || session ? (['forbidden'] as const) : []),
    ...(maxAge === undefined ? [] : (['reauthentication_required'] as const)),
  ];
}

export function possibleHealthErrors(): readonly PossibleError[] {
  return describe(ofHealthChecks);
}

/** Returns the possible errors of a document, such as a feed. */
export function possibleDocumentErrors(): readonly PossibleError[] {
  return describe(ofEveryRequest);
}

/** Returns all possible errors of a raw endpoint. */
export function possibleTransferErrors(upstream: Upstream, endpoint: RawEndpoint): readonly PossibleError[] {
  const { method, requestHeaders = [] } = endpoint;
  const forwards = (...names: string[]) => names.some((name) => requestHeaders.includes(name));
  return describe([
    ...ofEveryRequest,
    ...ofUpstreams,
    'unauthorized',
    'not_found',
    'rate_limited',
    ...(requiredScopeOf(upstream, endpoint) === undefined ? [] : (['forbidden'] as const)),
    ...(isForUser(upstream, endpoint) ? ofUserTokens : []),
    ...(method === 'GET' ? [] : ofUploads),
    ...(forwards('range') ? (['range_not_satisfiable'] as const) : []),
    ...(forwards('if-match', 'if-unmodified-since') ? (['precondition_failed'] as const) : []),
  ]);
}

function describe(reasons: readonly ErrorReason[]): readonly PossibleError[] {
  return errorReasonNames
    .filter((reason) => reasons.includes(reason))
    .map((reason) => ({ reason, ...errorReasons[reason] }));
}
