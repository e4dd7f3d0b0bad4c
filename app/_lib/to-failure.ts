import { errorData } from '#client/errors.ts';
import type { FailureProps } from '../_components/failure.tsx';

/** Converts the error of a typed hook to failure props. An error without a server response is a network error. */
export function toFailure(error: { message: string }): Pick<FailureProps, 'message' | 'data'> {
  const data = errorData(error);
  if (data) return { message: error.message, data };
  return {
    message:
      navigator.onLine === false
        ? 'You are offline. This will work again once you have a connection.'
        : 'The server cannot be reached. Please check your connection.',
  };
}
