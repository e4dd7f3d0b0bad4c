import { limits } from '../../config/limits.ts';
import { rawEndpoint } from '../../config/paths.ts';
import { toJsonSchema } from '../../lib/json-schema.ts';
import { anyMediaType } from '../../lib/media-type.ts';
import { requiredScopeOf } from '../../upstream-client/access.ts';
import { isForUser, isRaw, type RawEndpoint, type Upstream } from '../../upstream-client/endpoint.ts';
import { proxiedUpstreams } from '../../upstreams/index.ts';
import {
  type PossibleError,
  possibleDocumentErrors,
  possibleHealthErrors,
  possibleTransferErrors,
} from '../possible-errors.ts';
import { documents } from '../raw-routes.ts';
import { failureReferences } from './failure.ts';
import { noSecurity, securityOf } from './security.ts';

export type RawOperation = {
  path: string;
  method: string;
  errors: readonly PossibleError[];
  operation: Record<string, unknown>;
};

/** Returns the operations that are not procedures: documents, health checks and raw endpoints of upstreams. */
export function rawOperations(): readonly RawOperation[] {
  return [
    ...documents.map(({ path, summary, mediaType }) =>
      getOperation(path, possibleDocumentErrors(), {
        summary,
        description: `${summary}. Supports conditional requests.`,
        responses: {
          200: {
            description: 'The document',
            content: { [mediaType]: { schema: { type: mediaType.endsWith('json') ? 'object' : 'string' } } },
          },
          304: { description: "The caller's copy is current" },
        },
      }),
    ),
    getOperation('/healthz', possibleHealthErrors(), {
      summary: 'Liveness check',
      description: 'Responds while the process accepts requests. It does not check dependencies.',
      responses: { 200: stateResponse('Alive') },
    }),
    getOperation('/readyz', possibleHealthErrors(), {
      summary: 'Readiness check',
      description: 'Responds with the state of each dependency.',
      responses: { 200: stateResponse('Ready'), 503: stateResponse('Not ready') },
    }),
    ...Object.values<Upstream>(proxiedUpstreams).flatMap((upstream) =>
      Object.entries(upstream.endpoints).flatMap(([name, endpoint]) =>
        isRaw(endpoint) ? [transferOperation(upstream, name, endpoint)] : [],
      ),
    ),
  ];
}

function getOperation(
  path: string,
  errors: readonly PossibleError[],
  { responses, ...operation }: { summary: string; description: string; responses: Record<string, unknown> },
): RawOperation {
  return {
    path,
    method: 'get',
    errors,
    operation: {
      operationId: path.slice(1),
      tags: ['raw'],
      ...operation,
      security: noSecurity,
      responses: { ...responses, ...failureReferences(errors) },
    },
  };
}

function stateResponse(description: string): Record<string, unknown> {
  return { description, content: { 'application/json': { schema: { type: 'object' } } } };
}

function transferOperation(upstream: Upstream, name: string, endpoint: RawEndpoint): RawOperation {
  const { method, template, summary, description, params, requestHeaders = [], upload, answer } = endpoint;
  const scope = requiredScopeOf(upstream, endpoint);
  const errors = possibleTransferErrors(upstream, endpoint);
  const isConditional = requestHeaders.some(
    (header) => header === 'if-none-match' || header === 'if-modified-since',
  );
  const content = contentOf(answer.mediaTypes);
  return {
    path: `${rawEndpoint}/${upstream.name}${template}`,
    method: method.toLowerCase(),
    errors,
    operation: {
      operationId: `raw.${upstream.name}.${name}`,
      tags: ['raw'],
      summary,
      description,
      ...securityOf({ scope: scope ?? null, user: isForUser(upstream, endpoint) ? { session: true } : null }),
      parameters: Object.entries(params?.shape ?? {}).map(([param, schema]) => {
        const { $schema, ...segment } = toJsonSchema(schema, 'input');
        return { name: param, in: 'path', required: true, schema: segment };
      }),
      ...(upload
        ? {
            requestBody: {
              ...bodyDescription(upload),
              required: true,
              content: contentOf(upload.mediaTypes),
            },
          }
        : {}),
      responses: {
        200: { description: 'The unchanged bytes from the upstream', content },
        ...(upload ? { 201: { description: 'The upstream stored a new file', content } } : {}),
        ...(requestHeaders.includes('range')
          ? { 206: { description: 'The bytes of the requested range', content } }
          : {}),
        ...(isConditional ? { 304: { description: "The caller's copy is current" } } : {}),
        ...failureReferences(errors),
      },
    },
  };
}

function bodyDescription({ mediaTypes, maxBytes = limits.raw.bytes }: NonNullable<RawEndpoint['upload']>) {
  const size = `At most ${maxBytes} bytes`;
  return { description: mediaTypes.includes(anyMediaType) ? `${size}, of any media type` : size };
}

/** Describes any media type as bytes, which generators can send and receive. */
function contentOf(mediaTypes: readonly string[]): Record<string, unknown> {
  const bytes = { schema: { type: 'string', format: 'binary' } };
  return Object.fromEntries(
    mediaTypes.map((mediaType) => [
      mediaType === anyMediaType ? 'application/octet-stream' : mediaType,
      bytes,
    ]),
  );
}
