import { expect, test } from 'vitest';
import type { Env } from '#server/config/env.ts';
import { AppError } from '#server/errors.ts';
import { type Services, services } from '#server/services.ts';
import { createInnerContext } from '#server/trpc/context.ts';
import { callProcedures } from '#server/trpc/http/call-procedures.ts';
import { withServices } from '#tests/http/support/in-process.ts';

withServices();

type Request = { paths: string[]; input: unknown };

/** Runs the calls with one of the runners and returns the response, the logged errors and the records of the calls. */
async function respond(runner: Env['TRPC_RUNNER'], request: Request, overrides: Partial<Services> = {}) {
  const { env, ...others } = services();
  const ctx = createInnerContext({
    services: { ...others, env: { ...env, TRPC_RUNNER: runner }, ...overrides },
    requestId: 'runner-test-1',
  });
  const errors: string[] = [];
  const response = await callProcedures({
    paths: request.paths,
    isBatch: request.paths.length > 1,
    // Deserialization changes its input in place.
    readInput: () => structuredClone(request.input),
    isJson: true,
    ctx,
    signal: new AbortController().signal,
    onError: ({ error, path }) => errors.push(`${path} ${error.code} ${error.message}`),
  });
  const calls = ctx.scope.calls.map(({ id, procedure, outcome }) => ({ id, procedure, outcome }));
  return { ...response, errors, calls };
}

const date = { json: { at: '2026-03-29T12:00:00.000Z' }, meta: { values: { at: ['Date'] }, v: 1 } };

test.each<{ title: string } & Request>([
  { title: 'a mutation', paths: ['fixture.body'], input: date },
  { title: 'a query without input', paths: ['proxy.endpoints'], input: undefined },
  { title: 'a batch', paths: ['fixture.body', 'fixture.body'], input: { 0: date, 1: { json: 2 } } },
  { title: 'a batch in which one call fails', paths: ['email.status', 'proxy.endpoints'], input: {} },
  { title: 'an invalid input', paths: ['email.status'], input: { json: { id: 7 } } },
  { title: 'a missing input', paths: ['email.status'], input: undefined },
  { title: 'an input that is not superjson', paths: ['fixture.body'], input: 7 },
  { title: 'an error of a service', paths: ['email.status'], input: { json: { id: 'none' } } },
  { title: 'an unreachable upstream', paths: ['fixture.search'], input: { json: { name: 'Rome' } } },
  { title: 'a procedure for services', paths: ['mail.list'], input: { json: {} } },
  { title: 'an unknown procedure', paths: ['no.such'], input: undefined },
  { title: 'a name of Object.prototype', paths: ['constructor'], input: undefined },
])('TRPC_RUNNER=trpc has the same response: $title', async (request) => {
  expect(await respond('trpc', request)).toEqual(await respond('fast', request));
});

test.each<Env['TRPC_RUNNER']>(['fast', 'trpc'])(
  '%s: the HTTP status is that of the error response',
  async (runner) => {
    const { mail } = services();
    // tRPC has no code for 414: uri_too_long has the code of a 413.
    const failing = { mail: { ...mail, status: () => Promise.reject(new AppError('uri_too_long')) } };
    const request = { paths: ['email.status'], input: { json: { id: 'any' } } };
    const { status, body } = await respond(runner, request, failing);
    expect(status).toBe(414);
    expect(JSON.parse(body).error.json.data).toMatchObject({ reason: 'uri_too_long', httpStatus: 414 });
  },
);

test.each<[Env['TRPC_RUNNER'], boolean]>([
  ['fast', true],
  ['trpc', false],
])("%s: the product's own runner is used: %s", async (runner, expected) => {
  const { mail } = services();
  const stacks: string[] = [];
  const status = async () => {
    const error = new TypeError('x is not a function');
    stacks.push(String(error.stack));
    throw error;
  };
  const request = { paths: ['email.status'], input: { json: { id: 'any' } } };
  const { calls } = await respond(runner, request, { mail: { ...mail, status } });
  expect(calls).toMatchObject([{ outcome: 'internal' }]);
  expect(stacks.map((stack) => stack.includes('procedure-runner.ts'))).toEqual([expected]);
});
