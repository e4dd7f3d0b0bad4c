import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { catalog } from '#server/catalog/catalog.ts';
import { openApiDocument } from '#server/catalog/openapi/document.ts';
import { documents } from '#server/catalog/raw-routes.ts';
import { parseEnv } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';

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
    (path, { methods, input, upload, scope, user, errors }) => {
      const byGet = methods.includes('GET') && input === null;
      const operation = operationOf(`/api/trpc/${path}`, byGet ? 'get' : 'post');
      const key = { serviceKey: [] };
      // A script has no session of a browser.
      const byUser = [{ session: [] }, ...(user?.session ? [] : [{ accessToken: [] }])];
      const security = user ? byUser : scope === null ? [{}, key, ...byUser] : [key];
      expect(operation.security).toEqual(security);
      expect(operation['x-scope']).toBe(scope ?? undefined);
      expect(Object.keys(operation.responses).map(Number).sort()).toEqual(
        [...new Set([200, ...errors.map(({ httpStatus }) => httpStatus)])].sort(),
      );
      expect(operation).not.toHaveProperty('parameters');
      if (byGet) expect(operation).not.toHaveProperty('requestBody');
      else
        expect(Object.keys(operation.requestBody?.content ?? {})).toEqual([
          upload ? 'multipart/form-data' : 'application/json',
        ]);
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
    const archive = operationOf('/api/raw/archives/{owner}/{repo}/tar.gz/{tag}', 'get');
    expect(archive.parameters?.map((parameter) => parameter.name)).toEqual(['owner', 'repo', 'tag']);
    const upload = operationOf('/api/raw/store/files/{name}', 'put');
    expect(upload.requestBody?.content).toEqual({
      'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
    });
    expect(Object.keys(upload.responses)).toEqual(
      expect.arrayContaining(['201', '401', '403', '413', '504']),
    );
    const download = operationOf('/api/raw/store/files/{name}', 'get');
    expect(Object.keys(download.responses)).toEqual(
      expect.arrayContaining(['200', '206', '304', '404', '416', '429', '502', '503']),
    );
    expect(download.responses['403']).toEqual({ $ref: '#/components/responses/HostNotAllowed' });
  });

  test.each([
    ['/api/raw/store/files/{name}', 'get', undefined],
    ['/api/raw/store/files/{name}', 'put', 'proxy.store'],
    ['/api/trpc/proxy.items.item', 'post', undefined],
    ['/api/trpc/proxy.items.render', 'post', 'proxy.items'],
  ] as const)('names the scope of %s by %s: %s', (path, method, scope) => {
    const operation = operationOf(path, method);
    const required = { serviceKey: [] };
    expect(operation['x-scope']).toBe(scope);
    const users = [{ session: [] }, { accessToken: [] }];
    expect(operation.security).toEqual(scope === undefined ? [{}, required, ...users] : [required]);
  });
});

describe('a response of an error', () => {
  const component = (kind: string, name: string): Record<string, unknown> => {
    const schema = z.looseObject({
      components: z.record(z.string(), z.record(z.string(), z.looseObject({}))),
    });
    const found = schema.parse(document).components[kind]?.[name];
    if (!found) throw new Error(`${name} does not exist`);
    return found;
  };

  test.each([
    ['RateLimited', true],
    ['UpstreamOverloaded', true],
    ['NotFound', false],
    ['Internal', false],
  ])('%s has a Retry-After if callers have to wait: %j', (name, has) => {
    const { headers } = component('responses', name);
    expect(Object.keys(z.looseObject({}).parse(headers))).toEqual(
      has ? ['X-Request-Id', 'Retry-After'] : ['X-Request-Id'],
    );
  });

  test('has the reasons that share its status', () => {
    const operation = operationOf('/api/trpc/email.send', 'post');
    expect(operation.responses['400']).toEqual({
      $ref: '#/components/responses/InvalidInputOrBatchTooLarge',
    });
    expect(component('responses', 'InvalidInputOrBatchTooLarge')).toMatchObject({
      description: expect.stringMatching(/^`invalid_input`: .* `batch_too_large`: /),
      content: {
        'application/json': { schema: { $ref: '#/components/schemas/InvalidInputOrBatchTooLarge' } },
      },
    });
  });

  test('has a body with its reasons, statuses and codes, and fields that may be missing', () => {
    const schema = z.looseObject({
      properties: z.object({
        error: z.looseObject({
          properties: z.object({
            json: z.looseObject({
              required: z.array(z.string()),
              properties: z.looseObject({
                data: z.looseObject({
                  required: z.array(z.string()),
                  properties: z.record(z.string(), z.looseObject({})),
                }),
              }),
            }),
          }),
        }),
      }),
    });
    const { json } = schema.parse(component('schemas', 'InvalidInputOrBatchTooLarge')).properties.error
      .properties;
    expect(json.required).toEqual(['message', 'code', 'data']);
    const { required, properties } = json.properties.data;
    expect(required).toEqual(['code', 'httpStatus', 'path', 'requestId', 'reason']);
    expect(Object.keys(properties)).toEqual([...required, 'fieldErrors', 'retryAfterSeconds']);
    expect(properties).toMatchObject({
      code: { enum: ['BAD_REQUEST'] },
      httpStatus: { enum: [400] },
      reason: { enum: ['invalid_input', 'batch_too_large'] },
    });
  });
});

describe('the routes that are no procedures', () => {
  test.each(documents.map((route) => [route.path, route] as const))(
    '%s is a document',
    (path, { mediaType }) => {
      const operation = operationOf(path, 'get');
      expect(operation.security).toEqual([]);
      expect(Object.keys(operation.responses)).toEqual(['200', '304', '400', '403', '500']);
      expect(operation.responses['200']).toMatchObject({
        content: { [mediaType]: { schema: { type: mediaType.endsWith('json') ? 'object' : 'string' } } },
      });
    },
  );

  test('a health check needs no key, and readiness can be missing', () => {
    expect(Object.keys(operationOf('/healthz', 'get').responses)).toEqual(['200', '400', '500']);
    expect(Object.keys(operationOf('/readyz', 'get').responses)).toEqual(['200', '400', '500', '503']);
    for (const path of ['/healthz', '/readyz']) expect(operationOf(path, 'get').security).toEqual([]);
  });

  test('an upload tells its greatest size, and that any type is accepted', () => {
    const { requestBody } = operationOf('/api/raw/store/files/{name}', 'put');
    expect(requestBody?.required).toBe(true);
    expect(requestBody?.description).toBe(`At most ${limits.raw.bytes} bytes, of any media type`);
  });

  test('path parameters are required', () => {
    const { parameters } = operationOf('/api/raw/store/files/{name}', 'get');
    expect(parameters).toEqual([{ name: 'name', in: 'path', required: true, schema: expect.any(Object) }]);
  });

  test('only a conditional download can be unchanged, and only one of ranges be a part', () => {
    const archive = operationOf('/api/raw/archives/{owner}/{repo}/tar.gz/{tag}', 'get');
    expect(archive.responses).not.toHaveProperty('201');
    const upload = operationOf('/api/raw/store/files/{name}', 'put');
    for (const status of ['206', '304']) expect(upload.responses).not.toHaveProperty(status);
  });
});

test('each namespace is described once, and the raw routes are one more', () => {
  const tags = z.looseObject({ tags: z.array(z.object({ name: z.string(), description: z.string() })) });
  const names = tags.parse(document).tags.map(({ name }) => name);
  expect(names).toEqual([...new Set(entries.map(({ path }) => path.split('.')[0])), 'raw']);
});
