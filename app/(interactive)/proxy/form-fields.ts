/** A field of a generated form. `name` is its path in the input, such as `params.owner`. */
export type FormField = {
  name: string;
  required: boolean;
  numeric: boolean;
  multiline: boolean;
  choices: string[] | undefined;
  example: string;
};

/** A field with a larger `maxLength` is multiline. */
const lineLength = 500;

/**
 * Returns the form fields for an endpoint's input: its `params`, `query` and `body`, each an object of plain values.
 * Anything else in the JSON Schema is skipped.
 */
export function formFieldsOf(jsonSchema: unknown, example: unknown): FormField[] {
  return entriesOf(propertyOf(jsonSchema, 'properties')).flatMap(([group, groupSchema]) => {
    const required = listOf(propertyOf(groupSchema, 'required'));
    return entriesOf(propertyOf(groupSchema, 'properties')).map(([property, schema]) => {
      const type = propertyOf(schema, 'type');
      const choices = listOf(propertyOf(schema, 'enum'));
      return {
        name: `${group}.${property}`,
        required: required.includes(property),
        numeric: type === 'integer' || type === 'number',
        multiline: Number(propertyOf(schema, 'maxLength') ?? 0) > lineLength,
        choices: choices.length > 0 ? choices : undefined,
        example: String(propertyOf(propertyOf(example, group), property) ?? ''),
      };
    });
  });
}

/** Converts the form data to the procedure's input. Empty fields are omitted. */
export function inputOf(fields: FormField[], form: FormData): Record<string, Record<string, unknown>> {
  const input: Record<string, Record<string, unknown>> = {};
  for (const field of fields) {
    const [group = '', property = ''] = field.name.split('.');
    const value = String(form.get(field.name) ?? '');
    input[group] ??= {};
    if (value !== '') input[group][property] = field.numeric ? Number(value) : value;
  }
  return input;
}

/** Name of the field for the service key. It differs from all fields of an input, which contain a dot. */
export const serviceKeyName = 'serviceKey';

export function serviceKeyOf(form: FormData): string {
  return String(form.get(serviceKeyName) ?? '').trim();
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function propertyOf(value: unknown, name: string): unknown {
  return entriesOf(value).find(([key]) => key === name)?.[1];
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
