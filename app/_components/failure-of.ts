import { errorData } from '#client/errors.ts';
import type { FailureProps } from './failure.tsx';

/** The error of a typed hook as what is shown of it; without an answer from the server, the network is to blame. */
export function failureOf(error: { message: string }): Pick<FailureProps, 'message' | 'data'> {
  const data = errorData(error);
  return data
    ? { message: error.message, data }
    : { message: 'The server cannot be reached. Please check your connection.' };
}
