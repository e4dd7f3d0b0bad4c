import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { catalog } from '#server/catalog/catalog.ts';
import { openApiDocument } from '#server/catalog/openapi/document.ts';
import { parseEnv } from '#server/config/env.ts';

const entries = catalog(parseEnv({}).RATE_LIMITS);
const document: unknown = JSON.parse(JSON.stringify(openApiDocument(entries, 'https://bff.example')));

const operationSchema = z.looseObject({
  operationId: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).optional(),
  requestBody: z.looseObject({ content: z.record(z.string(), z.unknown()) }).optional(),
  responses: z.record(z.string(), z.unknown()),
});
const read = z
  .looseObject({
    info: z.looseObject({ version: z.string() }),
    servers: z.array(z.object({ url: z.string() })),
    paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  })
  .parse(document);

function operationOf(path: string, method: string) {
  const operation = read.paths[path]?.[method];
  if (!operation) throw new Error(`${method} ${path} does not exist`);
  return operation;
}

describe('the OpenAPI document', () => {
  test('is valid according to an independent validator', async () => {
    const validator = new Validator();
    expect(await validator.validate(z.record(z.string(), z.unknown()).parse(document))).toEqual({
      valid: true,
    });
    expect(validator.version).toBe('3.1');
  });

  test('would not be valid with a mistake', async () => {
    const broken = {
      ...z.record(z.string(), z.unknown()).parse(document),
      paths: { '/a': { get: { responses: 1 } } },
    };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  test('has no dangling references', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
      ([, path = '']) => path,
    );
    expect(references.length).toBeGreaterThan(50);
    for (const path of new Set(references)) {
      const target = path.split('/').reduce<unknown>((node, key) => Object(node)[key], document);
      expect(target, path).toBeDefined();
    }
  });

  test('has the version of the package and the URL of the site', () => {
    const { version } = z
      .object({ version: z.string() })
      .parse(JSON.parse(readFileSync('package.json', 'utf8')));
    expect(read.info.version).toBe(version);
    expect(read.servers).toEqual([{ url: 'https://bff.example' }]);
  });

  test('has unique operation ids', () => {
    const ids = Object.values(read.paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path } of entries) expect(ids).toContain(path);
  });

  test.each(entries.map((entry) => [entry.path, entry] as const))(
    '%s: its method, its security and all its possible statuses',
    (path, { methods, scope, errors, examples, limits }) => {
      const byGet = methods.includes('GET');
      const operation = operationOf(`/api/trpc/${path}`, byGet ? 'get' : 'post');
      expect(operation.security).toEqual(
        scope === null ? [{}, { serviceKey: [] }] : [{ serviceKey: [scope] }],
      );
      expect(Object.keys(operation.responses).map(Number).sort()).toEqual(
        [...new Set([200, ...errors.map(({ httpStatus }) => httpStatus)])].sort(),
      );
      if (byGet) {
        expect(operation).not.toHaveProperty('requestBody');
        expect(operation.parameters?.map((parameter) => parameter.name) ?? []).toEqual(
          examples.length > 0 ? ['input'] : [],
        );
      } else {
        const { content = {} } = operation.requestBody ?? {};
        expect(Object.keys(content)).toEqual(
          limits.formBodyBytes === null ? ['application/json'] : ['application/json', 'multipart/form-data'],
        );
      }
    },
  );

  test('has the raw endpoints of upstreams with their path parameters', () => {
    const { parameters } = operationOf('/api/raw/codeload/{owner}/{repo}/tar.gz/refs/tags/{tag}', 'get');
    expect(parameters?.map((parameter) => parameter.name)).toEqual(['owner', 'repo', 'tag']);
    expect(operationOf('/api/raw/files/files/{name}', 'put').requestBody?.content).toHaveProperty(['*/*']);
    expect(operationOf('/api/raw/files/files/{name}', 'get').responses).toHaveProperty('default');
  });

  test('names the scope of endpoints that are not public', () => {
    const open = [{}, { serviceKey: [] }];
    expect(operationOf('/api/raw/files/files/{name}', 'get').security).toEqual(open);
    expect(operationOf('/api/raw/files/files/{name}', 'put').security).toEqual([
      { serviceKey: ['proxy.files'] },
    ]);
    expect(operationOf('/api/trpc/proxy.github.repository', 'post').security).toEqual(open);
    expect(operationOf('/api/trpc/proxy.github.renderMarkdown', 'post').security).toEqual([
      { serviceKey: ['proxy.github'] },
    ]);
  });
});
