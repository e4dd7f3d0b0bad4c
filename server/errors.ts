/**
 * Every way a call can be refused or fail, as one closed map.
 *
 * `code` and `httpStatus` are what the envelope carries; `message` is what the caller reads when the place
 * that refused had nothing more precise to say. 4xx speak to the caller; a 5xx always carries this fixed text.
 */
export const errorReasons = {
  invalid_input: { httpStatus: 400, code: 'BAD_REQUEST', message: 'The input is not valid.' },
  batch_too_large: { httpStatus: 400, code: 'BAD_REQUEST', message: 'The batch holds too many calls.' },
  unauthorized: { httpStatus: 401, code: 'UNAUTHORIZED', message: 'A valid service key is needed.' },
  forbidden: { httpStatus: 403, code: 'FORBIDDEN', message: 'This is not allowed.' },
  cross_origin: {
    httpStatus: 403,
    code: 'FORBIDDEN',
    message: 'This call is not allowed from another site.',
  },
  not_found: { httpStatus: 404, code: 'NOT_FOUND', message: 'There is nothing here.' },
  method_not_allowed: {
    httpStatus: 405,
    code: 'METHOD_NOT_SUPPORTED',
    message: 'This method is not allowed here.',
  },
  idempotency_conflict: {
    httpStatus: 409,
    code: 'CONFLICT',
    message: 'This idempotency key was used before with other contents.',
  },
  request_timeout: {
    httpStatus: 408,
    code: 'TIMEOUT',
    message: 'The request did not arrive in time.',
  },
  payload_too_large: { httpStatus: 413, code: 'PAYLOAD_TOO_LARGE', message: 'The request is too large.' },
  uri_too_long: { httpStatus: 414, code: 'PAYLOAD_TOO_LARGE', message: 'The URL is too long.' },
  unsupported_media_type: {
    httpStatus: 415,
    code: 'UNSUPPORTED_MEDIA_TYPE',
    message: 'This content type is not accepted here.',
  },
  rate_limited: {
    httpStatus: 429,
    code: 'TOO_MANY_REQUESTS',
    message: 'Too many calls. Please wait a moment.',
  },
  internal: { httpStatus: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong on our side.' },
  upstream_unreachable: {
    httpStatus: 502,
    code: 'BAD_GATEWAY',
    message: 'A service this answer depends on cannot be reached.',
  },
  upstream_bad_answer: {
    httpStatus: 502,
    code: 'BAD_GATEWAY',
    message: 'A service this answer depends on gave an answer that could not be used.',
  },
  upstream_refused: {
    httpStatus: 502,
    code: 'BAD_GATEWAY',
    message: 'A service this answer depends on refused the request.',
  },
  upstream_overloaded: {
    httpStatus: 503,
    code: 'SERVICE_UNAVAILABLE',
    message: 'A service this answer depends on is overloaded. Please try again later.',
  },
  mail_unavailable: {
    httpStatus: 503,
    code: 'SERVICE_UNAVAILABLE',
    message: 'Mail cannot be accepted right now. Nothing was sent; please try again later.',
  },
  upstream_timeout: {
    httpStatus: 504,
    code: 'GATEWAY_TIMEOUT',
    message: 'A service this answer depends on did not answer in time.',
  },
} as const;

export type ErrorReason = keyof typeof errorReasons;

/** Every reason, in the order of the map. */
export const errorReasonNames: readonly ErrorReason[] = Object.keys(errorReasons).filter(isErrorReason);

export function isErrorReason(name: string): name is ErrorReason {
  return Object.hasOwn(errorReasons, name);
}

export type ErrorCode = (typeof errorReasons)[ErrorReason]['code'];

/** The JSON-RPC number that tRPC's clients expect beside each code. A test holds them to tRPC's own. */
export const jsonRpcCodes = {
  BAD_REQUEST: -32600,
  UNAUTHORIZED: -32001,
  FORBIDDEN: -32003,
  NOT_FOUND: -32004,
  METHOD_NOT_SUPPORTED: -32005,
  TIMEOUT: -32008,
  CONFLICT: -32009,
  PAYLOAD_TOO_LARGE: -32013,
  UNSUPPORTED_MEDIA_TYPE: -32015,
  TOO_MANY_REQUESTS: -32029,
  INTERNAL_SERVER_ERROR: -32603,
  BAD_GATEWAY: -32603,
  SERVICE_UNAVAILABLE: -32603,
  GATEWAY_TIMEOUT: -32603,
} as const satisfies Record<ErrorCode, number>;

/** Messages for each field of the input, by its dotted path; `input` stands for the input as a whole. */
export type FieldErrors = Record<string, string[]>;

/** `error.json.data` of every refusal and failure, on every route. */
export type ErrorData = {
  code: ErrorCode;
  httpStatus: number;
  /** The procedure or the URL path; null where it could not be told. */
  path: string | null;
  requestId: string;
  reason: ErrorReason;
  fieldErrors?: FieldErrors;
  retryAfterSeconds?: number;
};

export type AppErrorOptions = {
  /** For the person who made the call; ignored for 5xx, which have one fixed text each. */
  message?: string;
  /** For the log alone. */
  cause?: unknown;
  fieldErrors?: FieldErrors;
  retryAfterSeconds?: number;
};

const brand = Symbol.for('typed-bff.app-error');

/**
 * Whether this is an AppError. Never `instanceof`: the bundles of instrumentation, routes and pages each have a
 * copy of this class, and errors cross from one to the other.
 */
export function isAppError(error: unknown): error is AppError {
  return error instanceof Error && brand in error;
}

/** Whether the caller is told what is wrong with its request, and nobody else has to know. */
export function isRefusal(reason: ErrorReason): boolean {
  return errorReasons[reason].httpStatus < 500;
}

/** Makes an error that is an answer: to write a stack takes as long as half of a call, and nobody reads this one. */
export function withoutStack<T>(make: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The one error that services throw on purpose. Anything else that is thrown is `internal`. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly [brand] = true;
  readonly reason: ErrorReason;
  readonly fieldErrors: FieldErrors | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(reason: ErrorReason, options: AppErrorOptions = {}) {
    const { stackTraceLimit } = Error;
    // As withoutStack, which may not hold a call of super.
    if (isRefusal(reason)) Error.stackTraceLimit = 0;
    super(options.message ?? errorReasons[reason].message, { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.reason = reason;
    this.fieldErrors = options.fieldErrors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get code(): ErrorCode {
    return errorReasons[this.reason].code;
  }

  get httpStatus(): number {
    return errorReasons[this.reason].httpStatus;
  }

  /** What may be shown: the message of a 4xx, the fixed text of a 5xx. */
  get publicMessage(): string {
    return this.httpStatus >= 500 ? errorReasons[this.reason].message : this.message;
  }

  /** The envelope's `data` for this error. */
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
