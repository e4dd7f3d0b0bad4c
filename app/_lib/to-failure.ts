import { errorData } from '#client/errors.ts';
import type { FailureProps } from '../_components/failure.tsx';

/** The error of a typed hook as what is shown of it; without an answer from the server, the network is to blame. */
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
