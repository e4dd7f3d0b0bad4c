import type { ZodError } from 'zod';
import { limits } from '../config/limits.ts';
import type { FieldErrors } from '../errors.ts';

export const unknownField = 'Unknown field';

/**
 * Returns the messages of a zod error by dotted path. Messages about the whole input have the key `input`. Each unknown
 * field of a strict object is named.
 *
 * @param prefix path of the validated value, if it is only a part of the input
 */
export function fieldErrorsOf(error: ZodError, ...prefix: string[]): FieldErrors {
  return fieldErrorsFrom(
    error.issues.flatMap((issue) => {
      const path = [...prefix, ...issue.path.map(String)];
      if (issue.code !== 'unrecognized_keys') return [[path.join('.') || 'input', issue.message]];
      return issue.keys.map((key): [string, string] => [[...path, key].join('.'), unknownField]);
    }),
  );
}

/** Collects the distinct messages of each field. At most `limits.fieldErrors` fields are named. */
export function fieldErrorsFrom(
  messages: readonly (readonly [field: string, message: string])[],
): FieldErrors {
  const byField = Map.groupBy(messages, ([field]) => field);
  const named = [...byField].slice(0, limits.fieldErrors);
  return Object.fromEntries(
    named.map(([field, ofField]) => [field, [...new Set(ofField.map(([, message]) => message))]]),
  );
}
