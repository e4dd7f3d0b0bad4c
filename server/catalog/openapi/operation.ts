import type { JsonSchema } from '../../lib/json-schema.ts';
import type { CatalogEntry } from '../catalog.ts';
import { isJsonSchema } from '../is-json-schema.ts';
import { wireSchema } from '../wire-schema.ts';
import { failureReferences } from './failure.ts';
import { securityOf } from './security.ts';

/** Response headers, keyed by component name. */
export const commonHeaders = {
  RequestId: { description: "The request's id", schema: { type: 'string' } },
  RateLimit: {
    description: 'Remaining calls and seconds until the window resets: "light";r=299;t=60',
    schema: { type: 'string' },
  },
  RateLimitPolicy: {
    description: 'Maximum number of calls and window in seconds: "light";q=300;w=60',
    schema: { type: 'string' },
  },
  RetryAfter: {
    description: 'Seconds to wait before the next attempt',
    schema: { type: 'integer', minimum: 0 },
  },
} as const;

/**
 * Returns the method under which a procedure is described: GET for a public query without input, otherwise POST. Public
 * queries with an input accept GET, too, but few generators can send JSON in a query parameter.
 */
export function describedMethod({ methods, input }: CatalogEntry): 'get' | 'post' {
  return methods.includes('GET') && input === null ? 'get' : 'post';
}

/** Describes a procedure as an operation. */
export function operationOf(entry: CatalogEntry): Record<string, unknown> {
  const { path, summary, description, scope, output, errors } = entry;
  return {
    operationId: path,
    tags: [namespaceOf(entry)],
    summary,
    description,
    ...securityOf(scope),
    ...(describedMethod(entry) === 'get' ? {} : { requestBody: inputInBody(entry) }),
    responses: {
      200: {
        description: 'The output',
        headers: {
          'X-Request-Id': { $ref: '#/components/headers/RequestId' },
          RateLimit: { $ref: '#/components/headers/RateLimit' },
          'RateLimit-Policy': { $ref: '#/components/headers/RateLimitPolicy' },
        },
        content: {
          'application/json': {
            schema: object({ result: object({ data: onWire(output.value, 'output') }) }),
          },
        },
      },
      ...failureReferences(errors),
    },
  };
}

/** Returns the part of the path before the first dot. */
export function namespaceOf({ path }: Pick<CatalogEntry, 'path'>): string {
  return path.split('.', 1).join();
}

/**
 * Describes JSON alone, without the fields of forms, although some procedures accept forms: generated clients send no
 * Content-Type if there are several.
 */
function inputInBody({ input, formFields, examples }: CatalogEntry): Record<string, unknown> {
  const media = input
    ? {
        schema: onWire(withoutProperties(input.value, formFields), 'input'),
        examples: named(examples.map(({ wire }) => wire)),
      }
    : { schema: { type: 'object' }, example: {} };
  return { required: true, content: { 'application/json': media } };
}

function withoutProperties(schema: JsonSchema, names: readonly string[]): JsonSchema {
  const { properties } = schema;
  if (!isJsonSchema(properties)) return schema;
  const others = Object.entries(properties).filter(([name]) => !names.includes(name));
  return { ...schema, properties: Object.fromEntries(others) };
}

function named(values: readonly unknown[]): Record<string, { value: unknown }> {
  return Object.fromEntries(values.map((value, index) => [`example${index + 1}`, { value }]));
}

function onWire(value: JsonSchema, io: 'input' | 'output'): JsonSchema {
  const { $schema, ...schema } = wireSchema(value, io, { $ref: '#/components/schemas/SuperjsonMeta' });
  return schema;
}

function object(properties: Record<string, unknown>): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties) };
}
