import { errorData } from '#client/errors.ts';
import type { FailureProps } from '../_components/failure.tsx';
import { unreachableMessage } from './unreachable.ts';

/** Converts the error of a typed hook to failure props. An error without a server response is a network error. */
export function toFailure(error: { message: string }): Pick<FailureProps, 'message' | 'data'> {
  const data = errorData(error);
  return data ? { message: error.message, data } : { message: unreachableMessage() };
}
