/** The text fields of a form. Files are left out, and so are fields that a browser sends empty. */
export function* textFields(form: FormData): Generator<[string, string]> {
  for (const [name, value] of form) {
    if (typeof value === 'string' && value !== '') yield [name, value];
  }
}
