import { z } from 'zod';

/** One field of a generated form; `name` is its place in the input, as `params.owner`. */
export type FormField = {
  name: string;
  required: boolean;
  numeric: boolean;
  multiline: boolean;
  choices: string[] | undefined;
  example: string;
};

const propertySchema = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  maxLength: z.number().optional(),
});

const groupSchema = z.object({
  required: z.array(z.string()).default([]),
  properties: z.record(z.string(), propertySchema).default({}),
});

const inputSchema = z.object({ properties: z.record(z.string(), groupSchema).default({}) });

const exampleSchema = z.record(z.string(), z.record(z.string(), z.unknown())).catch({});

/** Longer texts get more than one line. */
const lineLength = 500;

/** The fields for an endpoint's input: its `params`, `query` and `body`, each of plain values. */
export function formFieldsOf(jsonSchema: unknown, example: unknown): FormField[] {
  const groups = inputSchema.parse(jsonSchema).properties;
  const examples = exampleSchema.parse(example);
  return Object.entries(groups).flatMap(([group, { properties, required }]) =>
    Object.entries(properties).map(([property, { type, enum: choices, maxLength = 0 }]) => ({
      name: `${group}.${property}`,
      required: required.includes(property),
      numeric: type === 'integer' || type === 'number',
      multiline: maxLength > lineLength,
      choices,
      example: String(examples[group]?.[property] ?? ''),
    })),
  );
}

/** What was filled in, as the procedure's input. Empty fields are left out. */
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
