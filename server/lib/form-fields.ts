import type { FieldErrors } from '../errors.ts';
import { fieldErrorsFrom } from './field-errors.ts';

export type FormFields =
  | { ok: true; fields: Record<string, string> }
  /** Names the fields that cannot be accepted. */
  | { ok: false; fieldErrors: FieldErrors };

/**
 * Reads the text fields of a form. Empty fields are left out, also file inputs without a file. A form with a file, or
 * with two values of one field, is invalid: a part of what was sent would be lost.
 */
export function readFields(form: FormData): FormFields {
  const fields = new Map<string, string>();
  const rejected: [string, string][] = [];
  for (const [name, value] of form) {
    if (typeof value !== 'string') {
      if (value.name !== '' || value.size > 0) rejected.push([name, 'Files are not accepted']);
    } else if (value !== '') {
      if (fields.has(name)) rejected.push([name, 'Only one value is accepted']);
      fields.set(name, value);
    }
  }
  if (rejected.length > 0) return { ok: false, fieldErrors: fieldErrorsFrom(rejected) };
  return { ok: true, fields: Object.fromEntries(fields) };
}
