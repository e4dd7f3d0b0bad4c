/** Linters of OpenAPI documents, and clients that generators write from /openapi.json. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { catalog } from '#server/catalog/catalog.ts';
import { openApiDocument } from '#server/catalog/openapi/document.ts';
import { parseEnv } from '#server/config/env.ts';
import { proxyKey } from '#tests/support/proxy-key.ts';
import { requirePath } from '#tests/support/requirements.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { describeWith } from '#tests/support/skip.ts';

const run = promisify(execFile);
const tools = resolve('tests/openapi');

const mail = `{ json: { email: 'ada@visitor.example', contents: 'Hello from a generated client' } }`;
const lost = `{ json: { id: 'nobody' } }`;

/** Code that uses the generated clients. It must compile, and the tests run it. */
const calls = {
  'openapi-typescript': `
    import createClient from 'openapi-fetch';
    import type { paths } from './openapi-typescript.ts';

    export async function call(baseUrl: string, key: string) {
      const client = createClient<paths>({ baseUrl });
      const seen = await client.GET('/api/trpc/fixture.request');
      const sent = await client.POST('/api/trpc/email.send', { body: ${mail} });
      const id = sent.data?.result.data.json.id ?? '';
      const state = await client.POST('/api/trpc/email.status', { body: { json: { id } } });
      const lost = await client.POST('/api/trpc/email.status', { body: ${lost} });
      const params = { path: { name: 'openapi-typescript.txt' } };
      await client.PUT('/api/raw/store/files/{name}', {
        params,
        body: 'content',
        bodySerializer: (body) => body,
        headers: { authorization: 'Bearer ' + key, 'content-type': 'application/octet-stream' },
      });
      const file = await client.GET('/api/raw/store/files/{name}', { params, parseAs: 'text' });
      return {
        pathname: seen.data?.result.data.json.pathname,
        status: state.data?.result.data.json.status,
        lost: lost.error?.error.json.data.reason,
        file: file.data,
      };
    }

    // @ts-expect-error The contents are missing.
    export const wrong = () => createClient<paths>().POST('/api/trpc/email.send', { body: { json: { email: 'a' } } });
  `,
  'hey-api': `
    import { createClient } from './hey-api/client/index.ts';
    import { fixtureRequest, emailSend, emailStatus, rawStoreDownload, rawStoreUpload } from './hey-api/sdk.gen.ts';

    export async function call(baseUrl: string, key: string) {
      const client = createClient({ baseUrl, auth: key });
      const seen = await fixtureRequest({ client });
      const sent = await emailSend({ client, body: ${mail} });
      const state = await emailStatus({ client, body: { json: { id: sent.data?.result.data.json.id ?? '' } } });
      const lost = await emailStatus({ client, body: ${lost} });
      const path = { name: 'hey-api.txt' };
      await rawStoreUpload({ client, path, body: new Blob(['content']), bodySerializer: null });
      const file = await rawStoreDownload({ client, path, parseAs: 'blob' });
      const reason = lost.error && 'error' in lost.error ? lost.error.error.json.data.reason : undefined;
      return {
        pathname: seen.data?.result.data.json.pathname,
        status: state.data?.result.data.json.status,
        lost: reason,
        file: await file.data?.text(),
      };
    }

    // @ts-expect-error The contents are missing.
    export const wrong = () => emailSend({ body: { json: { email: 'a' } } });
  `,
  orval: `
    import { fixtureRequest, emailSend, emailStatus, rawStoreDownload, rawStoreUpload } from './orval.ts';

    export async function call(_baseUrl: string, key: string) {
      const seen = await fixtureRequest();
      const sent = await emailSend(${mail});
      if (sent.status !== 200) throw new Error('the mail was rejected');
      const state = await emailStatus({ json: { id: sent.data.result.data.json.id } });
      const lost = await emailStatus(${lost});
      await rawStoreUpload('orval.txt', new Blob(['content']), { headers: { authorization: 'Bearer ' + key } });
      const file = await rawStoreDownload('orval.txt');
      return {
        pathname: seen.status === 200 ? seen.data.result.data.json.pathname : undefined,
        status: state.status === 200 ? state.data.result.data.json.status : undefined,
        lost: lost.status === 404 ? lost.data.error.json.data.reason : undefined,
        file: file.status === 200 ? await file.data.text() : undefined,
      };
    }

    // @ts-expect-error The contents are missing.
    export const wrong = () => emailSend({ json: { email: 'a' } });
  `,
  kubb: `
    import { setConfig } from '@kubb/plugin-client/clients/fetch';
    import { fixtureRequest, emailSend, emailStatus } from './kubb/clients/index.ts';

    // Kubb's own fetch sends JSON as text unless it is told the type.
    setConfig({ headers: { 'content-type': 'application/json' } });

    export async function call() {
      const seen = await fixtureRequest();
      const sent = await emailSend(${mail});
      const state = await emailStatus({ json: { id: sent.result.data.json.id } });
      // Kubb's own fetch returns the body of an error like that of a success.
      const lost: unknown = await emailStatus(${lost});
      return { pathname: seen.result.data.json.pathname, status: state.result.data.json.status, lost };
    }

    // @ts-expect-error The contents are missing.
    export const wrong = () => emailSend({ json: { email: 'a' } });
  `,
} as const;

const generators = Object.keys(calls);

describeWith('openapiTools')('the OpenAPI document', () => {
  let product: SharedProduct;
  let folder: string;
  /** The errors of the compiler for all clients. */
  let compilation: Promise<string>;

  // Installs the tools if the file runs on its own.
  beforeAll(async () => {
    requirePath('openapiTools');
    product = await sharedProduct();
    // Inside the folder of the tools, so that the generated code finds their packages.
    await mkdir(join(tools, '.output'), { recursive: true });
    folder = await mkdtemp(join(tools, '.output/clients-'));
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function write(name: string, document: unknown): Promise<string> {
    const file = join(folder, name);
    await writeFile(file, JSON.stringify(document));
    return file;
  }

  const lint = async (document: unknown) => {
    const { stdout } = await run(process.execPath, [
      join(tools, 'lint.mjs'),
      await write('lint.json', document),
    ]);
    return z.array(z.string()).parse(JSON.parse(stdout));
  };

  test('follows the recommended rules of Redocly and the rules of Spectral', {
    timeout: 180_000,
  }, async () => {
    const document = openApiDocument(catalog(parseEnv({}).RATE_LIMITS), 'https://bff.example');
    expect(await lint(document)).toEqual([]);
    const broken = await lint({ ...document, servers: [], tags: [] });
    expect(broken).toContainEqual(expect.stringContaining('redocly no-empty-servers'));
    expect(broken).toContainEqual(expect.stringContaining('spectral oas3-api-servers'));
  });

  async function generate(): Promise<void> {
    const response = await fetch(`${product.baseUrl}/openapi.json`);
    await write('openapi.json', await response.json());
    const env = { ...process.env, FOLDER: folder, BASE_URL: product.baseUrl };
    // In the output folder, because Kubb also writes to the current one.
    const runTool = (program: string, ...args: string[]) =>
      run(process.execPath, [join(tools, 'node_modules/.bin', program), ...args], { cwd: folder, env });
    await Promise.all([
      runTool('openapi-typescript', 'openapi.json', '--output', 'openapi-typescript.ts'),
      runTool('openapi-ts', '--file', join(tools, 'hey-api.config.mjs')),
      runTool('orval', '--config', join(tools, 'orval.config.mjs')),
      runTool('kubb', 'generate', '--config', join(tools, 'kubb.config.mjs')),
    ]);
  }

  async function compile(): Promise<string> {
    await generate();
    for (const [name, code] of Object.entries(calls)) await writeFile(join(folder, `${name}.calls.ts`), code);
    await write('tsconfig.json', {
      compilerOptions: {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        target: 'esnext',
        module: 'preserve',
        lib: ['esnext', 'dom', 'dom.iterable'],
        allowImportingTsExtensions: true,
        erasableSyntaxOnly: true,
        types: [],
      },
    });
    const tsc = resolve('node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, '--project', folder]).catch((error) => error);
    return stdout;
  }

  test('becomes clients that compile', { timeout: 180_000 }, async () => {
    compilation = compile();
    expect(await compilation).toBe('');
  });

  test.each(generators)('becomes a client by %s that calls the product', async (generator) => {
    await compilation;
    const module: unknown = await import(join(folder, `${generator}.calls.ts`));
    const { call } = z
      .object({ call: z.function({ input: [z.string(), z.string()], output: z.promise(z.unknown()) }) })
      .parse(module);
    const outcome = z.looseObject({ lost: z.unknown() }).parse(await call(product.baseUrl, proxyKey));
    expect(outcome).toMatchObject({ pathname: '/api/trpc/fixture.request', status: expect.any(String) });
    expect(JSON.stringify(outcome.lost)).toContain('not_found');
    if (generator !== 'kubb') expect(outcome.file).toBe('content');
  });
});
