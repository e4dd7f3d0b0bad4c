import type { JsonSchema } from '../../lib/json-schema.ts';
import type { PossibleError } from '../possible-errors.ts';

/** Errors that one response stands for, by their HTTP status. */
export function failuresByStatus(errors: readonly PossibleError[]): Map<number, readonly PossibleError[]> {
  return Map.groupBy(errors, ({ httpStatus }) => httpStatus);
}

/** Of a response and its schema among the components: the same for the same reasons, so that procedures share them. */
export function failureName(errors: readonly PossibleError[]): string {
  return errors.map(({ reason }) => pascalCase(reason)).join('Or');
}

function pascalCase(text: string): string {
  return text.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** What is answered for these reasons; its body is the schema of the same name. */
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

/** The error envelope for these reasons, the same on every route. */
export function envelopeSchema(errors: readonly PossibleError[]): JsonSchema {
  const oneOf = (values: readonly unknown[]) => ({ enum: [...new Set(values)] });
  const data = object({
    code: { type: 'string', ...oneOf(errors.map(({ code }) => code)) },
    httpStatus: { type: 'integer', ...oneOf(errors.map(({ httpStatus }) => httpStatus)) },
    path: { type: ['string', 'null'], description: "The procedure or the URL's path" },
    requestId: { type: 'string', description: 'The same as in the header and in the log' },
    reason: { type: 'string', ...oneOf(errors.map(({ reason }) => reason)) },
  });
  const optional = {
    fieldErrors: {
      type: 'object',
      description: 'Messages by the dotted path of the field; input stands for the input as a whole',
      additionalProperties: { type: 'array', items: { type: 'string' } },
    },
    retryAfterSeconds: { type: 'integer', minimum: 0 },
  };
  const json = object({
    message: { type: 'string', description: 'For the person who called' },
    code: { type: 'integer', description: "JSON-RPC's number for the kind of error" },
    data: { ...data, properties: { ...data.properties, ...optional } },
  });
  return object({ error: object({ json }) });
}

function object(properties: Record<string, unknown>) {
  return { type: 'object', properties, required: Object.keys(properties) };
}
