import { TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { TRPC_ERROR_CODES_BY_KEY } from '@trpc/server/rpc';
import { describe, expect, test } from 'vitest';
import { ZodError, z } from 'zod';
import { AppError, type ErrorReason, errorReasons, jsonRpcCodes } from '#server/errors.ts';
import { toAppError } from '#server/trpc/init.ts';

const reasons = Object.keys(errorReasons).filter((name): name is ErrorReason => name in errorReasons);
const call = { path: 'some.path', requestId: 'request-1' };

test('the JSON-RPC codes match those of tRPC', () => {
  for (const [code, number] of Object.entries(jsonRpcCodes)) {
    expect(TRPC_ERROR_CODES_BY_KEY).toHaveProperty(code, number);
  }
});

test('the map has exactly the reasons of the contract', () => {
  expect([...reasons].sort()).toEqual([
    'batch_too_large',
    'cross_origin',
    'forbidden',
    'host_not_allowed',
    'idempotency_conflict',
    'identity_unavailable',
    'internal',
    'invalid_input',
    'mail_unavailable',
    'method_not_allowed',
    'not_found',
    'overloaded',
    'payload_too_large',
    'precondition_failed',
    'range_not_satisfiable',
    'rate_limited',
    'reauthentication_required',
    'request_timeout',
    'session_ended',
    'sign_in_denied',
    'sign_in_failed',
    'sign_in_required',
    'storage_unavailable',
    'too_many_files',
    'unauthorized',
    'unsupported_media_type',
    'upstream_bad_answer',
    'upstream_overloaded',
    'upstream_refused',
    'upstream_timeout',
    'upstream_unreachable',
    'uri_too_long',
  ]);
});

describe.each(reasons)('%s', (reason) => {
  const { code, httpStatus, message } = errorReasons[reason];

  test("has the status of its code in tRPC's own table", () => {
    expect(TRPC_ERROR_CODES_BY_KEY[code]).toBeTypeOf('number');
    // tRPC has no code for 414 and 416.
    const replaced = new Map<ErrorReason, number>([
      ['uri_too_long', 413],
      ['range_not_satisfiable', 400],
    ]);
    expect(getHTTPStatusCodeFromError(new TRPCError({ code }))).toBe(replaced.get(reason) ?? httpStatus);
    expect(new AppError(reason)).toMatchObject({ code, httpStatus });
  });

  test('has a sentence as its message', () => {
    expect(message).toMatch(/^[A-Z].*\.$/);
    expect(new AppError(reason).publicMessage).toBe(message);
  });

  test(httpStatus >= 500 ? 'always has its fixed message' : 'may have another message', () => {
    const error = new AppError(reason, { message: 'other message', cause: new Error('the cause') });
    expect(error.publicMessage).toBe(httpStatus >= 500 ? message : 'other message');
    expect(JSON.stringify(error.toData(call))).not.toMatch(/other message|the cause/);
  });

  test('has only the data of the contract', () => {
    expect(new AppError(reason, { message: 'x', cause: 'y' }).toData(call)).toEqual({
      code,
      httpStatus,
      path: 'some.path',
      requestId: 'request-1',
      reason,
      // Every 503 tells when to try again.
      ...(httpStatus === 503 ? { retryAfterSeconds: 5 } : {}),
    });
  });
});

test('field errors and retryAfterSeconds are in the data if they are set', () => {
  const fieldErrors = { 'query.n': ['too many'] };
  expect(new AppError('invalid_input', { fieldErrors }).toData(call)).toMatchObject({ fieldErrors });
  expect(new AppError('rate_limited', { retryAfterSeconds: 0 }).toData(call)).toMatchObject({
    retryAfterSeconds: 0,
  });
});

describe('any thrown value becomes an AppError', () => {
  const own = new AppError('rate_limited');
  test.each([
    ['an AppError stays the same', own, own],
    ['the cause of a TRPCError is used', new TRPCError({ code: 'BAD_GATEWAY', cause: own }), own],
  ])('%s', (_, thrown, expected) => {
    expect(toAppError(thrown)).toBe(expected);
  });

  const expected: Partial<Record<TRPCError['code'], ErrorReason>> = {
    PARSE_ERROR: 'invalid_input',
    BAD_REQUEST: 'invalid_input',
    UNAUTHORIZED: 'unauthorized',
    FORBIDDEN: 'forbidden',
    NOT_FOUND: 'not_found',
    METHOD_NOT_SUPPORTED: 'method_not_allowed',
    PAYLOAD_TOO_LARGE: 'payload_too_large',
    UNSUPPORTED_MEDIA_TYPE: 'unsupported_media_type',
    TOO_MANY_REQUESTS: 'rate_limited',
  };
  const codes = Object.keys(TRPC_ERROR_CODES_BY_KEY).filter(
    (name): name is TRPCError['code'] => name in TRPC_ERROR_CODES_BY_KEY,
  );

  test.each(codes)("tRPC's %s loses its message", (code) => {
    const error = toAppError(new TRPCError({ code, message: 'a secret', cause: new Error('a secret') }));
    expect(error.reason).toBe(expected[code] ?? 'internal');
    expect(error.publicMessage).toBe(errorReasons[error.reason].message);
  });

  test('the fields of an invalid output are not named', () => {
    const { error: cause } = z.object({ token: z.string() }).safeParse({});
    const error = toAppError(new TRPCError({ code: 'INTERNAL_SERVER_ERROR', cause }));
    expect(error.toData(call)).not.toHaveProperty('fieldErrors');
  });

  test.each([
    undefined,
    null,
    0,
    '',
    'a secret',
    Symbol('a secret'),
    10n,
    {},
    { code: 'BAD_REQUEST', message: 'a secret' },
    Object.assign(new Error('a secret'), { name: 'TRPCError', code: 'BAD_REQUEST' }),
    Object.assign(new Error('a secret'), { reason: 'invalid_input', httpStatus: 400 }),
    new AggregateError([new AppError('invalid_input')], 'a secret'),
    new ZodError([]),
  ])('%o is internal', (thrown) => {
    const error = toAppError(thrown);
    expect(error.reason).toBe('internal');
    expect(error.publicMessage).toBe(errorReasons.internal.message);
    expect(JSON.stringify(error.toData(call))).not.toContain('a secret');
  });
});
