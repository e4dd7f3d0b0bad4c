import { TRPCError } from '@trpc/server';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { AppError, errorReasons } from '#server/errors.ts';
import { call, callThrowingIn, places } from '../trpc/small-router.ts';

const secret = 'hunter2.internal.example';

/** JSON-RPC's number and the word must say the same. */
const codeOf: Readonly<Record<string, number>> = TRPC_ERROR_CODES_BY_KEY;

const envelope = z.strictObject({
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

/** An error that carries the secret wherever an error can. */
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
  ['ZodError of a service', z.literal(secret).safeParse(`not ${secret}`).error],
  ['a string', secret],
  ['an object', { message: secret, code: 'BAD_REQUEST', [secret]: secret }],
  ['undefined', undefined],
  ['null', null],
  ['an error that calls itself a TRPCError', leaky(Object.assign(new Error(secret), { name: 'TRPCError' }))],
  [
    'and that has a code',
    leaky(Object.assign(new Error(secret), { name: 'TRPCError', code: 'BAD_REQUEST' })),
  ],
  ['TRPCError of a 5xx', leaky(new TRPCError({ code: 'BAD_GATEWAY', message: secret }))],
  ['TRPCError of an unknown kind', leaky(new TRPCError({ code: 'PRECONDITION_FAILED', message: secret }))],
  ['AppError internal', leaky(new AppError('internal', { message: secret, cause: new Error(secret) }))],
  ['a frozen error', Object.freeze(new Error(secret))],
  [
    'an error that serialises itself',
    Object.assign(new Error(secret), { toJSON: () => ({ secret }), toString: () => secret }),
  ],
];

describe.each(places)('thrown in the %s', (place) => {
  test.each(silent)('%s: a 500 that says nothing', async (_, thrown) => {
    const { status, text, headers } = await callThrowingIn(place, thrown);
    expect(text).not.toContain('hunter2');
    expect(JSON.stringify([...headers])).not.toContain('hunter2');
    expect(text).not.toMatch(/stack|node_modules|\.ts:|cause/);
    expect(status).toBe(500);
    const { message, code, data } = envelope.parse(JSON.parse(text)).error.json;
    expect(message).toBe(errorReasons.internal.message);
    expect(code).toBe(codeOf.INTERNAL_SERVER_ERROR);
    expect(data).toMatchObject({
      reason: 'internal',
      httpStatus: 500,
      code: 'INTERNAL_SERVER_ERROR',
      path: place === 'context' ? 'fine' : place,
    });
  });

  test.each([
    'upstream_unreachable',
    'upstream_timeout',
    'upstream_bad_answer',
    'upstream_refused',
    'upstream_overloaded',
    'mail_unavailable',
  ] as const)('%s: its own status and its fixed text', async (reason) => {
    const thrown = leaky(new AppError(reason, { message: secret, cause: new Error(secret) }));
    const { status, text } = await callThrowingIn(place, thrown);
    expect(text).not.toContain('hunter2');
    const { message, code, data } = envelope.parse(JSON.parse(text)).error.json;
    expect(status).toBe(errorReasons[reason].httpStatus);
    expect(message).toBe(errorReasons[reason].message);
    expect(data).toMatchObject({ reason, httpStatus: status, code: errorReasons[reason].code });
    expect(code).toBe(codeOf[data.code]);
  });

  test('a 4xx of our own speaks, its cause does not', async () => {
    const thrown = leaky(
      new AppError('idempotency_conflict', { message: 'For the caller.', cause: new Error(secret) }),
    );
    const { status, text } = await callThrowingIn(place, thrown);
    expect(text).not.toContain('hunter2');
    expect(status).toBe(409);
    expect(envelope.parse(JSON.parse(text)).error.json).toMatchObject({
      message: 'For the caller.',
      code: codeOf.CONFLICT,
      data: { reason: 'idempotency_conflict', httpStatus: 409, code: 'CONFLICT' },
    });
  });
});

// Not the output: whatever its validation throws, tRPC calls it a fault of the server.
describe.each(places.filter((place) => place !== 'output'))('thrown in the %s', (place) => {
  test.each([
    ['UNAUTHORIZED', 401, 'unauthorized'],
    ['FORBIDDEN', 403, 'forbidden'],
    ['NOT_FOUND', 404, 'not_found'],
    ['TOO_MANY_REQUESTS', 429, 'rate_limited'],
  ] as const)("tRPC's %s keeps its status and loses its words", async (code, httpStatus, reason) => {
    const { status, text } = await callThrowingIn(place, leaky(new TRPCError({ code, message: secret })));
    expect(text).not.toContain('hunter2');
    expect(status).toBe(httpStatus);
    expect(envelope.parse(JSON.parse(text)).error.json).toMatchObject({
      message: errorReasons[reason].message,
      data: { reason, httpStatus },
    });
  });
});

test('an output that is not as declared is our fault, and neither side of it is told', async () => {
  const { status, text } = await call(undefined, 'wrongOutput');
  expect(text).not.toMatch(/actual-secret|expected-secret/);
  expect(status).toBe(500);
  expect(envelope.parse(JSON.parse(text)).error.json.data).toMatchObject({ reason: 'internal' });
});

test('an input that is not as declared is told field by field', async () => {
  const { status, text } = await call(undefined, 'takes', { input: { n: 1.5, deep: { list: ['a', 2] } } });
  expect(status).toBe(400);
  const { data, code } = envelope.parse(JSON.parse(text)).error.json;
  expect(data).toMatchObject({ reason: 'invalid_input', code: 'BAD_REQUEST', requestId: 'request-1' });
  expect(Object.keys(data.fieldErrors ?? {}).sort()).toEqual(['deep.list.1', 'n']);
  expect(code).toBe(codeOf.BAD_REQUEST);
});

test('an input that is missing is told as a whole', async () => {
  const { data } = envelope.parse(JSON.parse((await call(undefined, 'takes')).text)).error.json;
  expect(Object.keys(data.fieldErrors ?? {})).toEqual(['input']);
});

test.each([
  ['a procedure that does not exist', 'nowhere', 404, 'not_found'],
  ['an input that is no JSON', 'takes?input=%7Bsecret', 400, 'invalid_input'],
  ['a superjson that is none', 'takes?input=%7B%22json%22%3A1%2C%22meta%22%3A5%7D', 400, 'invalid_input'],
])('%s', async (_, path, httpStatus, reason) => {
  const { status, text } = await call(undefined, '', { url: `http://localhost/api/trpc/${path}` });
  expect(status).toBe(httpStatus);
  const { data, code } = envelope.parse(JSON.parse(text)).error.json;
  expect(data).toMatchObject({ reason, httpStatus });
  expect(code).toBe(codeOf[data.code]);
});

test('a fine call is fine', async () => {
  const { status, text } = await call(undefined, 'fine');
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({ result: { data: { json: { ok: true } } } });
});
