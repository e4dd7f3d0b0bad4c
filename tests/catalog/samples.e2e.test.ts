import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { catalog } from '#server/catalog/catalog.ts';
import { fetchOf } from '#server/catalog/docs/fetch-snippet.ts';
import { pythonOf } from '#server/catalog/docs/python-snippet.ts';
import { typescriptOf } from '#server/catalog/docs/snippets.ts';
import { parseEnv } from '#server/config/env.ts';
import { errorReasons } from '#server/errors.ts';
import { requirePath } from '#tests/support/requirements.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { testWith } from '#tests/support/skip.ts';

const entries = catalog(parseEnv({}).RATE_LIMITS);
const calls = entries.filter(({ type }) => type !== 'subscription');
const streams = entries.filter(({ type }) => type === 'subscription');

/** What a sample printed, or the message of the error that ended it. */
const outcomesSchema = z.record(z.string(), z.union([z.object({ printed: z.string() }), z.string()]));
type Outcomes = z.output<typeof outcomesSchema>;

let product: SharedProduct;

beforeAll(async () => {
  product = await sharedProduct();
});

/** Runs all samples in one process, because each start of a program takes longer than its call. */
async function runAll(
  program: string,
  parameters: readonly string[],
  samples: readonly (readonly [path: string, code: string])[],
): Promise<Outcomes> {
  const child = spawn(program, parameters, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, BFF_KEY: 'unknown', BFF_SESSION: 'unknown' },
  });
  child.stdin.end(JSON.stringify(samples));
  const output = await Array.fromAsync(child.stdout, String);
  return outcomesSchema.parse(JSON.parse(output.join('')));
}

const runPython = (samples: readonly (readonly [string, string])[]) =>
  runAll(
    requirePath('python'),
    [
      '-c',
      `
import contextlib, io, json, sys
outcomes = {}
for path, code in json.load(sys.stdin):
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(code, {"__name__": "__main__"})
        outcomes[path] = {"printed": printed.getvalue()}
    except SystemExit as end:
        outcomes[path] = str(end)
json.dump(outcomes, sys.stdout)
`,
    ],
    samples,
  );

const runNode = (samples: readonly (readonly [string, string])[]) =>
  runAll(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `
import { json } from 'node:stream/consumers';
import { inspect } from 'node:util';
const outcomes = {};
const log = console.log;
for (const [path, code] of await json(process.stdin)) {
  const printed = [];
  console.log = (value) => printed.push(inspect(value));
  outcomes[path] = await import('data:text/javascript,' + encodeURIComponent(code)).then(
    () => ({ printed: printed.join('\\n') }),
    (error) => error.message,
  );
}
log(JSON.stringify(outcomes));
`,
    ],
    samples,
  );

/** The samples of users and services have no valid session or key here, and the mail of the example does not exist. */
const expectedOutcomes = () =>
  Object.fromEntries(
    calls.map(({ path, user, scope }) => {
      if (user !== null) return [path, errorReasons.sign_in_required.message];
      if (scope !== null) return [path, errorReasons.unauthorized.message];
      return [path, path === 'email.status' ? expect.any(String) : { printed: expect.any(String) }];
    }),
  );

describe('the samples of every procedure', () => {
  test('run with fetch', async () => {
    const samples = calls.map((entry) => [entry.path, fetchOf(entry, product.baseUrl)] as const);
    const outcomes = await runNode(samples);
    expect(outcomes).toEqual(expectedOutcomes());
    expect(outcomes['fixture.body']).toEqual({ printed: "{ res: { hello: 'world' } }" });
  });

  test('run with the typed client', async () => {
    const client = pathToFileURL('client/node.ts').href;
    const samples = calls.map((entry) => {
      const code = typescriptOf(entry, product.baseUrl).replace('./client/node.ts', client);
      return [entry.path, `${code}\nconsole.log(result);`] as const;
    });
    const outcomes = await runNode(samples);
    expect(outcomes).toEqual(expectedOutcomes());
    expect(outcomes['fixture.body']).toEqual({ printed: "{ res: { hello: 'world' } }" });
  });

  testWith('python')('run with Python', async () => {
    const samples = calls.map((entry) => [entry.path, pythonOf(entry, product.baseUrl)] as const);
    const outcomes = await runPython(samples);
    expect(outcomes).toEqual(expectedOutcomes());
    expect(outcomes['fixture.body']).toEqual({ printed: "{'res': {'hello': 'world'}}\n" });
  });
});

describe('the samples of every subscription', () => {
  /** The server ends the stream after the first item. */
  const once = (path: string, code: string) => [path, code.replace(`/${path}`, `/${path}?once=1`)] as const;
  const printsSomething = () =>
    Object.fromEntries(streams.map(({ path }) => [path, { printed: expect.stringMatching(/\S/) }]));

  test('stream with fetch', async () => {
    const outcomes = await runNode(streams.map((entry) => once(entry.path, fetchOf(entry, product.baseUrl))));
    expect(outcomes).toEqual(printsSomething());
  });

  testWith('python')('stream with Python', async () => {
    const outcomes = await runPython(
      streams.map((entry) => once(entry.path, pythonOf(entry, product.baseUrl))),
    );
    expect(outcomes).toEqual(printsSomething());
  });
});
