import { z } from 'zod';
import packageJson from '../../../package.json' with { type: 'json' };
import { limits } from '../../config/limits.ts';
import { trpcEndpoint } from '../../config/paths.ts';
import type { CatalogEntry } from '../catalog.ts';
import { superjsonMeta } from '../wire-schema.ts';
import { errorResponseSchema, failureName, failureResponse, failuresByStatus } from './failure.ts';
import { commonHeaders, describedMethod, namespaceOf, operationOf } from './operation.ts';
import { type RawOperation, rawOperations } from './raw-operations.ts';
import { securitySchemesOf } from './security.ts';

/** An application that this product was added to may lack the optional parts. */
const manifest = z
  .object({
    name: z.string(),
    version: z.string().default('0.0.0'),
    description: z.string().optional(),
    license: z.string().optional(),
  })
  .parse(packageJson);

/** The used parts of an OpenAPI document. The tests check the document with a validator. */
export type OpenApiDocument = {
  openapi: '3.1.0';
  info: Record<string, unknown>;
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, unknown>>;
  components: Record<string, Record<string, unknown>>;
};

/**
 * Returns the OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1). It describes the wire format of every
 * procedure, with all possible statuses, and the raw routes.
 */
export function openApiDocument(entries: readonly CatalogEntry[], siteUrl: string): OpenApiDocument {
  const raw = rawOperations();
  const failures = new Map(
    [...entries, ...raw]
      .flatMap(({ errors }) => [...failuresByStatus(errors).values()])
      .map((errors) => [failureName(errors), errors] as const),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: manifest.name,
      version: manifest.version,
      summary: manifest.description,
      description: `Values use superjson's format, \`{ json, meta? }\`. \`x-superjson\` marks the values that \`meta\` lists, such as dates, which are ISO 8601 strings in \`json\`. Up to ${limits.batchSize} queries or mutations can share one request. This document does not describe batches; see ${siteUrl}/llms.txt.`,
      contact: { name: manifest.name, url: siteUrl },
      ...(manifest.license ? { license: { name: manifest.license, identifier: manifest.license } } : {}),
    },
    servers: [{ url: siteUrl }],
    tags: [
      ...[...new Set(entries.map(namespaceOf))].map((name) => ({
        name,
        description: `The procedures ${name}.*`,
      })),
      { name: 'raw', description: 'Documents, health checks and files of other backends' },
    ],
    paths: pathsOf([
      ...entries.map((entry) => ({
        path: `${trpcEndpoint}/${entry.path}`,
        method: describedMethod(entry),
        operation: operationOf(entry),
      })),
      ...raw,
    ]),
    components: {
      schemas: {
        SuperjsonMeta: superjsonMeta,
        ...Object.fromEntries([...failures].map(([name, errors]) => [name, errorResponseSchema(errors)])),
      },
      headers: commonHeaders,
      responses: Object.fromEntries(
        [...failures].map(([name, errors]) => [name, failureResponse(name, errors)]),
      ),
      securitySchemes: securitySchemesOf(siteUrl),
    },
  };
}

function pathsOf(
  operations: readonly Pick<RawOperation, 'path' | 'method' | 'operation'>[],
): OpenApiDocument['paths'] {
  const paths: OpenApiDocument['paths'] = {};
  for (const { path, method, operation } of operations) paths[path] = { ...paths[path], [method]: operation };
  return paths;
}
