import type { JsonSchema } from '../../lib/json-schema.ts';
import type { PossibleError } from '../possible-errors.ts';

/** Groups errors by HTTP status. The errors of one status share a response. */
export function failuresByStatus(errors: readonly PossibleError[]): Map<number, readonly PossibleError[]> {
  return Map.groupBy(errors, ({ httpStatus }) => httpStatus);
}

/** Returns references to the responses for the given errors, by status. */
export function failureReferences(errors: readonly PossibleError[]): Record<string, JsonSchema> {
  return Object.fromEntries(
    [...failuresByStatus(errors)].map(([status, these]) => [
      status,
      { $ref: `#/components/responses/${failureName(these)}` },
    ]),
  );
}

/**
 * Returns the component name of a response and its schema. It depends only on the reasons, so procedures share them.
 */
export function failureName(errors: readonly PossibleError[]): string {
  return errors.map(({ reason }) => pascalCase(reason)).join('Or');
}

function pascalCase(text: string): string {
  return text.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Returns the response for the given errors. The schema of its body has the same name. */
export function failureResponse(name: string, errors: readonly PossibleError[]): JsonSchema {
  const isOverload = errors.some(({ httpStatus }) => httpStatus === 429 || httpStatus === 503);
  return {
    description: errors.map(({ reason, message }) => `\`${reason}\`: ${message}`).join(' '),
    headers: {
      'X-Request-Id': { $ref: '#/components/headers/RequestId' },
      ...(isOverload ? { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } : {}),
    },
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
  };
}

/** Returns the schema of the error response for the given errors. It is the same on every route. */
export function errorResponseSchema(errors: readonly PossibleError[]): JsonSchema {
  const oneOf = (values: readonly unknown[]) => ({ enum: [...new Set(values)] });
  const data = object({
    code: { type: 'string', ...oneOf(errors.map(({ code }) => code)) },
    httpStatus: { type: 'integer', ...oneOf(errors.map(({ httpStatus }) => httpStatus)) },
    path: { type: ['string', 'null'], description: "The procedure's path or the URL's path" },
    requestId: { type: 'string', description: 'The same id as in the X-Request-Id header and in the log' },
    reason: { type: 'string', ...oneOf(errors.map(({ reason }) => reason)) },
  });
  const optional = {
    fieldErrors: {
      type: 'object',
      description: 'Messages by the dotted path of the field. The key input refers to the whole input',
      additionalProperties: { type: 'array', items: { type: 'string' } },
    },
    retryAfterSeconds: { type: 'integer', minimum: 0 },
  };
  const json = object({
    message: { type: 'string', description: 'Message for the user' },
    code: { type: 'integer', description: 'JSON-RPC error code' },
    data: { ...data, properties: { ...data.properties, ...optional } },
  });
  return object({ error: object({ json }) });
}

function object(properties: Record<string, unknown>) {
  return { type: 'object', properties, required: Object.keys(properties) };
}
