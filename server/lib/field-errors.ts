import type { ZodError } from 'zod';
import type { FieldErrors } from '../errors.ts';

/**
 * The messages of a zod error by dotted path; those about the input as a whole stand under `input`.
 *
 * @param prefix the part of the input that was validated, when it was not the whole
 */
export function fieldErrorsOf(error: ZodError, ...prefix: string[]): FieldErrors {
  const fieldErrors: FieldErrors = {};
  for (const issue of error.issues) {
    const field = [...prefix, ...issue.path.map(String)].join('.') || 'input';
    fieldErrors[field] = [...(fieldErrors[field] ?? []), issue.message];
  }
  return fieldErrors;
}
