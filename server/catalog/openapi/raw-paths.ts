import { rawEndpoint } from '../../config/paths.ts';
import { toJsonSchema } from '../../lib/json-schema.ts';
import { requiredScopeOf } from '../../upstream-client/access.ts';
import { isRaw, type RawEndpoint, type Upstream } from '../../upstream-client/endpoint.ts';
import { proxiedUpstreams } from '../../upstreams/index.ts';
import { documents } from '../raw-routes.ts';
import { securityOf } from './operation.ts';

const failure = { $ref: '#/components/responses/Failure' };

/** Returns the routes that are not procedures: documents, health checks and raw endpoints of upstreams. */
export function rawPaths(): Record<string, Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  const add = (path: string, method: string, operation: Record<string, unknown>) => {
    paths[path] = { ...paths[path], [method]: { tags: ['raw'], ...operation } };
  };
  for (const { path, summary, mediaType } of documents) {
    const found = { description: 'The document', content: { [mediaType]: {} } };
    const responses = { 200: found, 304: { description: 'Not modified' }, default: failure };
    add(path, 'get', { operationId: path.slice(1), summary, responses });
  }
  const state = (description: string) => ({ description, content: { 'application/json': {} } });
  add('/healthz', 'get', {
    operationId: 'healthz',
    summary: 'Liveness check',
    responses: { 200: state('Alive'), default: failure },
  });
  add('/readyz', 'get', {
    operationId: 'readyz',
    summary: 'Readiness check, with the state of each dependency',
    responses: { 200: state('Ready'), 503: state('Not ready'), default: failure },
  });
  for (const [name, upstream] of Object.entries<Upstream>(proxiedUpstreams)) {
    for (const [endpointName, endpoint] of Object.entries(upstream.endpoints)) {
      if (!isRaw(endpoint)) continue;
      const operation = rawOperation(`raw.${name}.${endpointName}`, upstream, endpoint);
      add(`${rawEndpoint}/${name}${endpoint.template}`, endpoint.method.toLowerCase(), operation);
    }
  }
  return paths;
}

function rawOperation(
  operationId: string,
  upstream: Upstream,
  endpoint: RawEndpoint,
): Record<string, unknown> {
  const { summary, description, params, upload, answer } = endpoint;
  const contentOf = (mediaTypes: readonly string[]) =>
    Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, {}]));
  return {
    operationId,
    summary,
    description,
    security: securityOf(requiredScopeOf(upstream, endpoint) ?? null),
    parameters: Object.entries(params?.shape ?? {}).map(([name, schema]) => {
      const { $schema, ...segment } = toJsonSchema(schema, 'input');
      return { name, in: 'path', required: true, schema: segment };
    }),
    ...(upload ? { requestBody: { required: true, content: contentOf(upload.mediaTypes) } } : {}),
    responses: {
      200: { description: 'The unchanged bytes from the upstream', content: contentOf(answer.mediaTypes) },
      default: failure,
    },
  };
}
