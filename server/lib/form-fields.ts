/** Yields the text fields of a form. Skips files and empty fields. */
export function* textFields(form: FormData): Generator<[string, string]> {
  for (const [name, value] of form) {
    if (typeof value === 'string' && value !== '') yield [name, value];
  }
}
