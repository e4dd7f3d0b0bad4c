import type { JsonSchema } from '../../lib/json-schema.ts';
import type { CatalogEntry } from '../catalog.ts';
import { wireSchema } from '../wire-schema.ts';
import { failureName, failuresByStatus } from './failure.ts';

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
 * Describes a procedure as an operation: public queries with GET, although they accept POST too, and others with POST.
 */
export function operationOf(entry: CatalogEntry): Record<string, unknown> {
  const { path, summary, description, scope, output, errors } = entry;
  return {
    operationId: path,
    tags: [namespaceOf(entry)],
    summary,
    description,
    security: securityOf(scope),
    ...(entry.methods[0] === 'GET' ? inputInQuery(entry) : { requestBody: inputInBody(entry) }),
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
      ...Object.fromEntries(
        [...failuresByStatus(errors)].map(([status, these]) => [
          status,
          { $ref: `#/components/responses/${failureName(these)}` },
        ]),
      ),
    },
  };
}

/**
 * Returns the security requirements of an operation.
 *
 * @param scope that the service key must have; null if anyone may call
 */
export function securityOf(scope: string | null): Record<string, string[]>[] {
  return scope === null ? [{}, { serviceKey: [] }] : [{ serviceKey: [scope] }];
}

/** Returns the part of the path before the first dot. */
export function namespaceOf({ path }: Pick<CatalogEntry, 'path'>): string {
  return path.split('.', 1).join();
}

function inputInQuery({ input, examples }: CatalogEntry): Record<string, unknown> {
  if (!input) return {};
  const media = { schema: onWire(input.value, 'input'), examples: named(examples.map(({ wire }) => wire)) };
  return {
    parameters: [{ name: 'input', in: 'query', required: true, content: { 'application/json': media } }],
  };
}

function inputInBody({ input, examples, limits }: CatalogEntry): Record<string, unknown> {
  if (!input) {
    const nothing = { schema: { type: 'object' }, example: {} };
    return { required: true, content: { 'application/json': nothing } };
  }
  const { $schema, ...fields } = input.value;
  return {
    required: true,
    content: {
      'application/json': {
        schema: onWire(input.value, 'input'),
        examples: named(examples.map(({ wire }) => wire)),
      },
      ...(limits.formBodyBytes === null ? {} : { 'multipart/form-data': { schema: fields } }),
    },
  };
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
