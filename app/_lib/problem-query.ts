import type { FailureProps } from '#app/_components/failure.tsx';
import { type AppError, errorReasons, isErrorReason } from '#server/errors.ts';

type QueryValue = string | string[] | undefined;

/**
 * Returns the query parameters with which a route handler redirects after an error: its reason, the seconds to wait, and
 * the names of the invalid fields. They never contain values of fields.
 */
export function problemQuery({ reason, retryAfterSeconds, fieldErrors = {} }: AppError): URLSearchParams {
  return new URLSearchParams([
    ['problem', reason],
    ...(retryAfterSeconds ? [['wait', String(retryAfterSeconds)]] : []),
    ...Object.keys(fieldErrors).map((field) => ['field', field]),
  ]);
}

/** Converts the query parameters of a redirect to failure props, or returns undefined if they have no error. */
export function readProblem(query: {
  problem?: QueryValue;
  wait?: QueryValue;
}): Pick<FailureProps, 'message' | 'data'> | undefined {
  const { problem: reason, wait } = query;
  if (typeof reason !== 'string' || !isErrorReason(reason)) return undefined;
  const hasWait = typeof wait === 'string' && /^[1-9]\d{0,7}$/.test(wait);
  return {
    message: errorReasons[reason].message,
    data: { reason, ...(hasWait ? { retryAfterSeconds: Number(wait) } : {}) },
  };
}
