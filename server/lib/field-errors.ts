import type { ZodError } from 'zod';
import type { FieldErrors } from '../errors.ts';

/**
 * Returns the messages of a zod error by dotted path. Messages about the whole input have the key `input`.
 *
 * @param prefix path of the validated value, if it is only a part of the input
 */
export function fieldErrorsOf(error: ZodError, ...prefix: string[]): FieldErrors {
  const fieldErrors: FieldErrors = {};
  for (const issue of error.issues) {
    const field = [...prefix, ...issue.path.map(String)].join('.') || 'input';
    fieldErrors[field] = [...(fieldErrors[field] ?? []), issue.message];
  }
  return fieldErrors;
}
