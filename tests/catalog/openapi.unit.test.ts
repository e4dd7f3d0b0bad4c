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
    (path, { methods, input, scope, errors }) => {
      const byGet = methods.includes('GET') && input === null;
      const operation = operationOf(`/api/trpc/${path}`, byGet ? 'get' : 'post');
      expect(operation.security).toEqual(scope === null ? [{}, { serviceKey: [] }] : [{ serviceKey: [] }]);
      expect(operation['x-scope']).toBe(scope ?? undefined);
      expect(Object.keys(operation.responses).map(Number).sort()).toEqual(
        [...new Set([200, ...errors.map(({ httpStatus }) => httpStatus)])].sort(),
      );
      expect(operation).not.toHaveProperty('parameters');
      if (byGet) expect(operation).not.toHaveProperty('requestBody');
      else expect(Object.keys(operation.requestBody?.content ?? {})).toEqual(['application/json']);
    },
  );

  test('leaves out the fields that only forms send', () => {
    const { requestBody } = operationOf('/api/trpc/email.send', 'post');
    expect(requestBody?.content).toMatchObject({
      'application/json': { schema: { properties: { json: { properties: { contents: {} } } } } },
    });
    expect(JSON.stringify(requestBody)).not.toMatch(/leaveEmpty|shownAt|website/);
  });

  test('every operation has security requirements and its client and server errors', () => {
    for (const [path, operations] of Object.entries(read.paths)) {
      for (const [method, { security, responses }] of Object.entries(operations)) {
        const title = `${method} ${path}`;
        expect(security, title).toBeDefined();
        expect(Object.keys(responses), title).toEqual(expect.arrayContaining(['400', '500']));
        expect(responses, title).not.toHaveProperty('default');
      }
    }
  });

  test('has the raw endpoints of upstreams with their path parameters, bodies and statuses', () => {
    const archive = operationOf('/api/raw/codeload/{owner}/{repo}/tar.gz/refs/tags/{tag}', 'get');
    expect(archive.parameters?.map((parameter) => parameter.name)).toEqual(['owner', 'repo', 'tag']);
    const upload = operationOf('/api/raw/files/files/{name}', 'put');
    expect(upload.requestBody?.content).toEqual({
      'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
    });
    expect(Object.keys(upload.responses)).toEqual(
      expect.arrayContaining(['201', '401', '403', '413', '504']),
    );
    const download = operationOf('/api/raw/files/files/{name}', 'get');
    expect(Object.keys(download.responses)).toEqual(
      expect.arrayContaining(['200', '206', '304', '404', '416', '429', '502', '503']),
    );
    expect(download.responses['403']).toEqual({ $ref: '#/components/responses/HostNotAllowed' });
  });

  test.each([
    ['/api/raw/files/files/{name}', 'get', undefined],
    ['/api/raw/files/files/{name}', 'put', 'proxy.files'],
    ['/api/trpc/proxy.github.repository', 'post', undefined],
    ['/api/trpc/proxy.github.renderMarkdown', 'post', 'proxy.github'],
  ] as const)('names the scope of %s by %s: %s', (path, method, scope) => {
    const operation = operationOf(path, method);
    const required = { serviceKey: [] };
    expect(operation['x-scope']).toBe(scope);
    expect(operation.security).toEqual(scope === undefined ? [{}, required] : [required]);
  });
});
