import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

const run = promisify(execFile);

/** Code that uses the generated client. It must compile, and the test runs it. */
const calls = `
import { defaults, fixtureBody, fixtureRequest, emailSend, emailStatus, fixtureReading } from './client.ts';

export async function run(baseUrl: string) {
  defaults.baseUrl = baseUrl;
  const seen = await fixtureRequest();
  const sent = await emailSend({ json: { email: 'a@visitor.example', contents: 'Hello from a generated client' } });
  if (sent.status !== 200) throw new Error('the mail was rejected: ' + sent.data.error.json.data.reason);
  const { id, duplicate } = sent.data.result.data.json;
  const state = await emailStatus({ json: { id } });
  const reading = await fixtureReading({ json: { lat: 52.52, lng: 13.41, days: 1 } });
  const lost = await emailStatus({ json: { id: 'nobody' } });
  const outside = await fixtureReading({ json: { lat: 91, lng: 0 } });
  const echoed = await fixtureBody({ json: { at: '2026-03-29T12:00:00.000Z' }, meta: { values: { at: ['Date'] }, v: 1 } });
  return {
    pathname: seen.status === 200 ? seen.data.result.data.json.pathname : '',
    duplicate,
    attempts: state.status === 200 ? state.data.result.data.json.attempts : -1,
    hours: reading.status === 200 ? reading.data.result.data.json.hourly.length : -1,
    lost: lost.status === 404 ? lost.data.error.json.data.reason : '',
    fields: outside.status === 400 ? Object.keys(outside.data.error.json.data.fieldErrors ?? {}) : [],
    echoed: echoed.status === 200 ? echoed.data.result.data : undefined,
  };
}

export async function wrong() {
  // @ts-expect-error The longitude is missing.
  await fixtureReading({ json: { lat: 1 } });
  // @ts-expect-error Not a number.
  await fixtureReading({ json: { lat: 1, lng: 1, days: 'all' } });
  const lost = await emailStatus({ json: { id: 'nobody' } });
  // @ts-expect-error A 404 has one reason.
  if (lost.status === 404) lost.data.error.json.data.reason === 'forbidden';
}
`;

let product: SharedProduct;
let folder: string;

beforeAll(async () => {
  product = await sharedProduct();
  // Inside the project, so that packages resolve.
  await mkdir('tests/.output', { recursive: true });
  folder = resolve(await mkdtemp('tests/.output/client-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('a client generated from /openapi.json by a public generator compiles and calls the product', async () => {
  const document = join(folder, 'openapi.json');
  await writeFile(document, await (await fetch(`${product.baseUrl}/openapi.json`)).text());
  const generator = resolve('node_modules/oazapfts/dist/cli.js');
  await run(process.execPath, [generator, '--futureStripLegacyMethods', document, join(folder, 'client.ts')]);
  await writeFile(join(folder, 'calls.ts'), calls);

  // The generated code does not support exactOptionalPropertyTypes and has an unused variable. All other options are
  // those of the project.
  const tsconfig = {
    extends: resolve('tsconfig.json'),
    compilerOptions: {
      plugins: [],
      incremental: false,
      exactOptionalPropertyTypes: false,
      noUnusedLocals: false,
    },
    include: ['*.ts'],
    exclude: [],
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(tsconfig));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '--project', folder]).catch((error) => error);
  expect(stdout).toBe('');

  const module: unknown = await import(join(folder, 'calls.ts'));
  const { run: call } = z
    .object({ run: z.function({ input: [z.string()], output: z.promise(z.unknown()) }) })
    .parse(module);
  expect(await call(product.baseUrl)).toEqual({
    pathname: '/api/trpc/fixture.request',
    duplicate: false,
    attempts: expect.any(Number),
    hours: 24,
    lost: 'not_found',
    fields: ['lat'],
    echoed: {
      json: { res: { at: '2026-03-29T12:00:00.000Z' } },
      meta: { values: { 'res.at': ['Date'] }, v: 1 },
    },
  });
});
