import { TRPCError } from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AppError, errorReasons } from '#server/errors.ts';
import { call, callThrowingIn, throwingParts } from '#tests/trpc/small-router.ts';

const secret = 'hunter2.internal.example';

/** JSON-RPC's error number for each of tRPC's codes. */
const codeOf: Readonly<Record<string, number>> = TRPC_ERROR_CODES_BY_KEY;

const errorResponseSchema = z.strictObject({
  error: z.strictObject({
    json: z.strictObject({
      message: z.string(),
      code: z.int(),
      data: z.strictObject({
        code: z.string(),
        httpStatus: z.int(),
        path: z.string().nullable(),
        requestId: z.string(),
        reason: z.string(),
        fieldErrors: z.record(z.string(), z.array(z.string())).optional(),
        retryAfterSeconds: z.int().optional(),
      }),
    }),
  }),
});

/** Puts the secret into every field of an error that could leak it. */
function leaky<E extends Error>(error: E): E {
  const deep = new Error(`cause ${secret}`, { cause: { connection: `postgres://${secret}` } });
  error.stack = `Error: ${secret}\n    at /srv/${secret}/server.ts:1:1`;
  return Object.assign(error, { cause: error.cause ?? deep, host: secret, config: { token: secret } });
}

const silent: [string, unknown][] = [
  ['Error', leaky(new Error(`connect ECONNREFUSED ${secret}`))],
  ['TypeError', leaky(new TypeError(secret))],
  ['AggregateError', leaky(new AggregateError([new Error(secret)], secret))],
  ['DOMException', new DOMException(secret, 'AbortError')],
  ['a ZodError of a service', z.literal(secret).safeParse(`not ${secret}`).error],
  ['a string', secret],
  ['an object', { message: secret, code: 'BAD_REQUEST', [secret]: secret }],
  ['undefined', undefined],
  ['null', null],
  ['an error named TRPCError', leaky(Object.assign(new Error(secret), { name: 'TRPCError' }))],
  [
    'an error named TRPCError with a code',
    leaky(Object.assign(new Error(secret), { name: 'TRPCError', code: 'BAD_REQUEST' })),
  ],
  ['a TRPCError with a 5xx code', leaky(new TRPCError({ code: 'BAD_GATEWAY', message: secret }))],
  [
    'a TRPCError with an unmapped code',
    leaky(new TRPCError({ code: 'PRECONDITION_FAILED', message: secret })),
  ],
  [
    'an AppError with reason internal',
    leaky(new AppError('internal', { message: secret, cause: new Error(secret) })),
  ],
  ['a frozen error', Object.freeze(new Error(secret))],
  [
    'an error that serialises itself',
    Object.assign(new Error(secret), { toJSON: () => ({ secret }), toString: () => secret }),
  ],
];

describe.each(throwingParts)('thrown in the %s', (part) => {
  test.each(silent)('%s causes a 500 without details', async (_, thrown) => {
    const { status, text, headers } = await callThrowingIn(part, thrown);
    expect(text).not.toContain('hunter2');
    expect(JSON.stringify([...headers])).not.toContain('hunter2');
    expect(text).not.toMatch(/stack|node_modules|\.ts:|cause/);
    expect(status).toBe(500);
    const { message, code, data } = errorResponseSchema.parse(JSON.parse(text)).error.json;
    expect(message).toBe(errorReasons.internal.message);
    expect(code).toBe(codeOf.INTERNAL_SERVER_ERROR);
    expect(data).toMatchObject({
      reason: 'internal',
      httpStatus: 500,
      code: 'INTERNAL_SERVER_ERROR',
      path: part === 'context' ? 'fine' : part,
    });
  });

  test.each([
    'upstream_unreachable',
    'upstream_timeout',
    'upstream_bad_answer',
    'upstream_refused',
    'upstream_overloaded',
    'mail_unavailable',
  ] as const)('%s has its own status and a fixed message', async (reason) => {
    const thrown = leaky(new AppError(reason, { message: secret, cause: new Error(secret) }));
    const { status, text } = await callThrowingIn(part, thrown);
    expect(text).not.toContain('hunter2');
    const { message, code, data } = errorResponseSchema.parse(JSON.parse(text)).error.json;
    expect(status).toBe(errorReasons[reason].httpStatus);
    expect(message).toBe(errorReasons[reason].message);
    expect(data).toMatchObject({ reason, httpStatus: status, code: errorReasons[reason].code });
    expect(code).toBe(codeOf[data.code]);
  });

  test('a 4xx AppError keeps its message but not its cause', async () => {
    const thrown = leaky(
      new AppError('idempotency_conflict', { message: 'For the caller.', cause: new Error(secret) }),
    );
    const { status, text } = await callThrowingIn(part, thrown);
    expect(text).not.toContain('hunter2');
    expect(status).toBe(409);
    expect(errorResponseSchema.parse(JSON.parse(text)).error.json).toMatchObject({
      message: 'For the caller.',
      code: codeOf.CONFLICT,
      data: { reason: 'idempotency_conflict', httpStatus: 409, code: 'CONFLICT' },
    });
  });
});

// Without the output: tRPC turns anything that output validation throws into a server error.
describe.each(throwingParts.filter((part) => part !== 'output'))('thrown in the %s', (part) => {
  test.each([
    ['UNAUTHORIZED', 401, 'unauthorized'],
    ['FORBIDDEN', 403, 'forbidden'],
    ['NOT_FOUND', 404, 'not_found'],
    ['TOO_MANY_REQUESTS', 429, 'rate_limited'],
  ] as const)('a TRPCError %s keeps its status but not its message', async (code, httpStatus, reason) => {
    const { status, text } = await callThrowingIn(part, leaky(new TRPCError({ code, message: secret })));
    expect(text).not.toContain('hunter2');
    expect(status).toBe(httpStatus);
    expect(errorResponseSchema.parse(JSON.parse(text)).error.json).toMatchObject({
      message: errorReasons[reason].message,
      data: { reason, httpStatus },
    });
  });
});

test('an invalid output causes a 500 that reveals neither the actual nor the expected value', async () => {
  const { status, text } = await call(undefined, 'wrongOutput');
  expect(text).not.toMatch(/actual-secret|expected-secret/);
  expect(status).toBe(500);
  expect(errorResponseSchema.parse(JSON.parse(text)).error.json.data).toMatchObject({ reason: 'internal' });
});

test('an invalid input causes a 400 with an error per field', async () => {
  const { status, text } = await call(undefined, 'takes', { input: { n: 1.5, deep: { list: ['a', 2] } } });
  expect(status).toBe(400);
  const { data, code } = errorResponseSchema.parse(JSON.parse(text)).error.json;
  expect(data).toMatchObject({ reason: 'invalid_input', code: 'BAD_REQUEST', requestId: 'request-1' });
  expect(Object.keys(data.fieldErrors ?? {}).sort()).toEqual(['deep.list.1', 'n']);
  expect(code).toBe(codeOf.BAD_REQUEST);
});

test('a missing input causes one error for the whole input', async () => {
  const { data } = errorResponseSchema.parse(JSON.parse((await call(undefined, 'takes')).text)).error.json;
  expect(Object.keys(data.fieldErrors ?? {})).toEqual(['input']);
});

test.each([
  ['an unknown procedure', 'nowhere', 404, 'not_found'],
  ['an input with invalid JSON', 'takes?input=%7Bsecret', 400, 'invalid_input'],
  ['an invalid superjson value', 'takes?input=%7B%22json%22%3A1%2C%22meta%22%3A5%7D', 400, 'invalid_input'],
])('%s causes its status and reason', async (_, path, httpStatus, reason) => {
  const { status, text } = await call(undefined, '', { url: `http://localhost/api/trpc/${path}` });
  expect(status).toBe(httpStatus);
  const { data, code } = errorResponseSchema.parse(JSON.parse(text)).error.json;
  expect(data).toMatchObject({ reason, httpStatus });
  expect(code).toBe(codeOf[data.code]);
});

test('a successful call returns its data', async () => {
  const { status, text } = await call(undefined, 'fine');
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({ result: { data: { json: { ok: true } } } });
});
