import manifest from '../../../package.json' with { type: 'json' };
import { limits } from '../../config/limits.ts';
import { trpcEndpoint } from '../../config/paths.ts';
import { errorReasonNames, errorReasons } from '../../errors.ts';
import type { CatalogEntry } from '../catalog.ts';
import { superjsonMeta } from '../wire-schema.ts';
import { envelopeSchema, failureName, failureResponse, failuresByStatus } from './failure.ts';
import { commonHeaders, namespaceOf, operationOf } from './operation.ts';
import { rawPaths } from './raw-paths.ts';

/** What a document of OpenAPI is made of here; that it is one is proven by a validator in the tests. */
export type OpenApiDocument = {
  openapi: '3.1.0';
  info: Record<string, unknown>;
  servers: { url: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, unknown>>;
  components: Record<string, Record<string, unknown>>;
};

/**
 * The product as OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1): each procedure as it truly travels, in the
 * envelope and superjson's form, with every status that it can give; and the raw routes.
 */
export function openApiDocument(entries: readonly CatalogEntry[], siteUrl: string): OpenApiDocument {
  const failures = new Map([
    ...entries
      .flatMap(({ errors }) => [...failuresByStatus(errors).values()])
      .map((errors) => [failureName(errors), errors] as const),
    ['Failure', errorReasonNames.map((reason) => ({ reason, ...errorReasons[reason] }))],
  ]);
  return {
    openapi: '3.1.0',
    info: {
      title: manifest.name,
      version: manifest.version,
      summary: manifest.description,
      description: `Values travel in superjson's form, \`{ json, meta? }\`: \`x-superjson\` marks the places that \`meta\` names, such as dates, which stand as ISO 8601 strings under \`json\`. Up to ${limits.batchSize} calls of one kind also go in one request, which this document does not describe: ${siteUrl}/llms.txt does.`,
      license: { name: manifest.license, identifier: manifest.license },
    },
    servers: [{ url: siteUrl }],
    tags: [...new Set(entries.map(namespaceOf)), 'raw'].map((name) => ({ name })),
    paths: {
      ...Object.fromEntries(
        entries.map((entry) => [
          `${trpcEndpoint}/${entry.path}`,
          { [entry.methods[0] === 'GET' ? 'get' : 'post']: operationOf(entry) },
        ]),
      ),
      ...rawPaths(),
    },
    components: {
      schemas: {
        SuperjsonMeta: superjsonMeta,
        ...Object.fromEntries([...failures].map(([name, errors]) => [name, envelopeSchema(errors)])),
      },
      headers: commonHeaders,
      responses: Object.fromEntries(
        [...failures].map(([name, errors]) => [name, failureResponse(name, errors)]),
      ),
      securitySchemes: {
        serviceKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'A key that the operator gave to a service. Its calls are limited by its own budget.',
        },
      },
    },
  };
}
