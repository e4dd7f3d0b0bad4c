import { limits } from './config/limits.ts';

/**
 * The closed map of all error reasons.
 *
 * `code` and `httpStatus` are part of the error response. `message` is the default text. A 4xx may replace it with a
 * more precise one; a 5xx always has this text, so that it reveals no internals.
 */
export const errorReasons = {
  invalid_input: { httpStatus: 400, code: 'BAD_REQUEST', message: 'The input is not valid.' },
  batch_too_large: { httpStatus: 400, code: 'BAD_REQUEST', message: 'The batch has too many calls.' },
  unauthorized: { httpStatus: 401, code: 'UNAUTHORIZED', message: 'A valid service key is required.' },
  sign_in_required: { httpStatus: 401, code: 'UNAUTHORIZED', message: 'Please sign in.' },
  session_ended: {
    httpStatus: 401,
    code: 'UNAUTHORIZED',
    message: 'Your session has ended. Please sign in again.',
  },
  reauthentication_required: {
    httpStatus: 401,
    code: 'UNAUTHORIZED',
    message: 'Please sign in once more for this.',
  },
  sign_in_failed: {
    httpStatus: 400,
    code: 'BAD_REQUEST',
    message: 'The sign-in could not be completed. Please try again.',
  },
  sign_in_denied: { httpStatus: 403, code: 'FORBIDDEN', message: 'You were not signed in.' },
  forbidden: { httpStatus: 403, code: 'FORBIDDEN', message: 'This is not allowed.' },
  cross_origin: {
    httpStatus: 403,
    code: 'FORBIDDEN',
    message: 'Cross-origin calls are not allowed here.',
  },
  host_not_allowed: {
    httpStatus: 403,
    code: 'FORBIDDEN',
    message: 'The Host header does not name this site.',
  },
  not_found: { httpStatus: 404, code: 'NOT_FOUND', message: 'Not found.' },
  method_not_allowed: {
    httpStatus: 405,
    code: 'METHOD_NOT_SUPPORTED',
    message: 'This method is not allowed here.',
  },
  request_timeout: {
    httpStatus: 408,
    code: 'TIMEOUT',
    message: 'The request took too long to arrive.',
  },
  idempotency_conflict: {
    httpStatus: 409,
    code: 'CONFLICT',
    message: 'This idempotency key was already used with different content.',
  },
  too_many_files: {
    httpStatus: 409,
    code: 'CONFLICT',
    message: 'You have too many files here.',
  },
  precondition_failed: {
    httpStatus: 412,
    code: 'PRECONDITION_FAILED',
    message: 'The file is not in the state that the request requires.',
  },
  payload_too_large: { httpStatus: 413, code: 'PAYLOAD_TOO_LARGE', message: 'The request is too large.' },
  uri_too_long: { httpStatus: 414, code: 'PAYLOAD_TOO_LARGE', message: 'The URL is too long.' },
  unsupported_media_type: {
    httpStatus: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'This content type is not accepted here.',
  },
  range_not_satisfiable: {
    httpStatus: 416,
    code: 'BAD_REQUEST',
    message: 'The file has no such range.',
  },
  rate_limited: {
    httpStatus: 429,
    code: 'TOO_MANY_REQUESTS',
    message: 'Too many calls. Please try again later.',
  },
  internal: { httpStatus: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong on our side.' },
  overloaded: {
    httpStatus: 503,
    code: 'SERVICE_UNAVAILABLE',
    message: 'This service is busy. Please try again later.',
  },
  upstream_unreachable: {
    httpStatus: 502,
    code: 'BAD_GATEWAY',
    message: 'A service we depend on cannot be reached.',
  },
  upstream_bad_answer: {
    httpStatus: 502,
    code: 'BAD_GATEWAY',
    message: 'A service we depend on sent an unusable response.',
  },
  upstream_refused: {
    httpStatus: 502,
    code: 'BAD_GATEWAY',
    message: 'A service we depend on rejected the request.',
  },
  upstream_overloaded: {
    httpStatus: 503,
    code: 'SERVICE_UNAVAILABLE',
    message: 'A service we depend on is overloaded. Please try again later.',
  },
  mail_unavailable: {
    httpStatus: 503,
    code: 'SERVICE_UNAVAILABLE',
    message: 'Mail cannot be accepted right now. Nothing was sent; please try again later.',
  },
  identity_unavailable: {
    httpStatus: 503,
    code: 'SERVICE_UNAVAILABLE',
    message: 'Sign-in and accounts are not available right now. Please try again later.',
  },
  storage_unavailable: {
    httpStatus: 503,
    code: 'SERVICE_UNAVAILABLE',
    message: 'Nothing can be stored right now. Please try again later.',
  },
  upstream_timeout: {
    httpStatus: 504,
    code: 'GATEWAY_TIMEOUT',
    message: 'A service we depend on did not respond in time.',
  },
} as const;

export type ErrorReason = keyof typeof errorReasons;

/** All reasons, in the order of the map. */
export const errorReasonNames: readonly ErrorReason[] = Object.keys(errorReasons).filter(isErrorReason);

export function isErrorReason(name: string): name is ErrorReason {
  return Object.hasOwn(errorReasons, name);
}

export type ErrorCode = (typeof errorReasons)[ErrorReason]['code'];

/** The JSON-RPC error number that tRPC clients expect with each code. A test compares them with tRPC's own map. */
export const jsonRpcCodes = {
  BAD_REQUEST: -32600,
  UNAUTHORIZED: -32001,
  FORBIDDEN: -32003,
  NOT_FOUND: -32004,
  METHOD_NOT_SUPPORTED: -32005,
  TIMEOUT: -32008,
  CONFLICT: -32009,
  PRECONDITION_FAILED: -32012,
  PAYLOAD_TOO_LARGE: -32013,
  UNSUPPORTED_MEDIA_TYPE: -32015,
  TOO_MANY_REQUESTS: -32029,
  INTERNAL_SERVER_ERROR: -32603,
  BAD_GATEWAY: -32603,
  SERVICE_UNAVAILABLE: -32603,
  GATEWAY_TIMEOUT: -32603,
} as const satisfies Record<ErrorCode, number>;

/** Messages by the dotted path of the input field; the key `input` means the input as a whole. */
export type FieldErrors = Record<string, string[]>;

/** `error.json.data` of the error response, on every route. */
export type ErrorData = {
  code: ErrorCode;
  httpStatus: number;
  /** The procedure or the URL path; null if unknown. */
  path: string | null;
  requestId: string;
  reason: ErrorReason;
  fieldErrors?: FieldErrors;
  retryAfterSeconds?: number;
};

/** `error.json` of the error response, on every route. */
export type ErrorJson = {
  message: string;
  /** JSON-RPC error number. */
  code: number;
  data: ErrorData;
};

export type AppErrorOptions = {
  /** Shown to the caller; ignored for a 5xx, which always has the text of its reason. */
  message?: string;
  /** Only logged, never sent. */
  cause?: unknown;
  fieldErrors?: FieldErrors;
  retryAfterSeconds?: number;
};

const brand = Symbol.for('bff.app-error');

/**
 * Returns whether an error is an AppError. Do not use `instanceof`: the bundles of instrumentation, routes and pages
 * each contain a copy of this class, and errors pass between them.
 */
export function isAppError(error: unknown): error is AppError {
  return error instanceof Error && brand in error;
}

/** Returns whether a reason is a 4xx: the caller gets the details, and the error needs no stack or log line. */
export function isClientError(reason: ErrorReason): boolean {
  return errorReasons[reason].httpStatus < 500;
}

/** Creates a client error without a stack: capturing one takes as long as half a call, and it would never be read. */
export function withoutStack<T>(create: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return create();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The only error that services throw deliberately. Any other thrown error becomes `internal`. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly [brand] = true;
  readonly reason: ErrorReason;
  readonly fieldErrors: FieldErrors | undefined;
  /** Defined and positive for every 503. */
  readonly retryAfterSeconds: number | undefined;

  constructor(reason: ErrorReason, options: AppErrorOptions = {}) {
    const { stackTraceLimit } = Error;
    // Does the same as withoutStack, whose callback must not call super.
    if (isClientError(reason)) Error.stackTraceLimit = 0;
    super(options.message ?? errorReasons[reason].message, { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.reason = reason;
    this.fieldErrors = options.fieldErrors;
    const { retryAfterSeconds } = options;
    this.retryAfterSeconds =
      this.httpStatus === 503
        ? Math.max(1, retryAfterSeconds ?? limits.unavailableRetryAfterSeconds)
        : retryAfterSeconds;
  }

  get code(): ErrorCode {
    return errorReasons[this.reason].code;
  }

  get httpStatus(): number {
    return errorReasons[this.reason].httpStatus;
  }

  /** The message that may be sent to the caller: that of a 4xx, the fixed text of a 5xx. */
  get publicMessage(): string {
    return this.httpStatus >= 500 ? errorReasons[this.reason].message : this.message;
  }

  /** Returns the `data` of the error response. */
  toData(where: { path: string | null; requestId: string }): ErrorData {
    const { code, httpStatus } = errorReasons[this.reason];
    return {
      code,
      httpStatus,
      path: where.path,
      requestId: where.requestId,
      reason: this.reason,
      ...(this.fieldErrors ? { fieldErrors: this.fieldErrors } : {}),
      ...(this.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: this.retryAfterSeconds }),
    };
  }
}
