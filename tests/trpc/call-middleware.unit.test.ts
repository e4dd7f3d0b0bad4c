import { TRPCError } from '@trpc/server';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { AppError } from '#server/errors.ts';
import { createConcurrencyLimit } from '#server/lib/concurrency.ts';
import { workRecord } from '#server/observability/work.ts';
import type { Principal } from '#server/principal.ts';
import { type Services, services } from '#server/services.ts';
import { createInnerContext } from '#server/trpc/context.ts';
import { procedureRunner } from '#server/trpc/http/procedure-runner.ts';
import { publicProcedure, router } from '#server/trpc/init.ts';
import type { ProcedureMeta } from '#server/trpc/procedure-meta.ts';
import { withServices } from '#tests/http/support/in-process.ts';
import { recordSpans } from '#tests/support/fake-tracer.ts';

withServices();
const spans = recordSpans();

const visitor: Principal = { kind: 'visitor', key: '192.0.2.1' };
const callEnded = vi.fn();
const rateLimited = vi.fn();
beforeEach(() => {
  callEnded.mockClear();
  rateLimited.mockClear();
});

type Options = {
  meta?: Partial<ProcedureMeta>;
  resolve?: () => unknown;
  rawInput?: () => Promise<unknown>;
  principal?: Principal;
  isBatch?: boolean;
  services?: Partial<Services>;
};

/** Calls a procedure with any input, as over HTTP, and returns its result or error, and what is recorded. */
async function call({
  meta,
  resolve = () => 'done',
  rawInput = async () => undefined,
  ...options
}: Options = {}) {
  const { things } = router({
    things: publicProcedure({ summary: 's', description: 'd', sensitive: false, rateLimit: 'light', ...meta })
      .input(z.unknown())
      .output(z.unknown())
      .query(({ input }) => (resolve() === 'input' ? input : resolve())),
  })._def.procedures;
  const { metrics, ...others } = services();
  const ctx = createInnerContext({
    services: { ...others, metrics: { ...metrics, callEnded, rateLimited }, ...options.services },
    principal: options.principal ?? visitor,
    requestId: 'request-1',
  });
  ctx.scope.isBatch = options.isBatch ?? false;
  const run = procedureRunner('things', things);
  const outcome = await run({
    ctx,
    path: 'things',
    type: 'query',
    batchIndex: 3,
    signal: new AbortController().signal,
    getRawInput: rawInput,
  }).then(
    (result) => ({ result, error: undefined }),
    (error: unknown) => ({ result: undefined, error }),
  );
  return { ...outcome, scope: ctx.scope };
}

const fail = (error: unknown) => () => {
  throw error;
};

describe('the record of a call', () => {
  test.each([
    { title: 'that succeeds', resolve: () => 'done', outcome: 'ok', failed: undefined },
    {
      title: 'with an error of the caller',
      resolve: fail(new AppError('not_found')),
      outcome: 'not_found',
      failed: undefined,
    },
    {
      title: 'with an error of an upstream',
      resolve: fail(new AppError('upstream_timeout')),
      outcome: 'upstream_timeout',
      failed: 'upstream_timeout',
    },
    {
      title: 'with a bug',
      resolve: fail(new TypeError('x is not a function')),
      outcome: 'internal',
      failed: 'internal',
    },
  ])('$title has its outcome in log, metrics and trace', async ({ resolve, outcome, failed }) => {
    const { scope } = await call({ resolve });
    expect(scope.calls).toEqual([
      { id: 'request-1', procedure: 'things', outcome, durationMs: expect.any(Number) },
    ]);
    expect(callEnded).toHaveBeenCalledExactlyOnceWith({
      procedure: 'things',
      outcome,
      seconds: expect.any(Number),
    });
    expect(spans).toMatchObject([{ name: 'things', kind: 'internal', failed, ends: 1 }]);
    expect(spans[0]?.attributes).toEqual({
      'rpc.system.name': 'trpc',
      'rpc.method': 'things',
      'bff.request_id': 'request-1',
      'bff.outcome': outcome,
    });
  });

  test('in a batch has the index of the call in its id', async () => {
    const { scope } = await call({ isBatch: true });
    expect(scope.calls).toMatchObject([{ id: 'request-1.3' }]);
    expect(spans[0]?.attributes['bff.request_id']).toBe('request-1.3');
  });

  test('has its duration, in the log in tenths of a millisecond', async () => {
    const now = vi.spyOn(performance, 'now');
    now.mockReturnValueOnce(1_000);
    const { scope } = await call({
      resolve: () => {
        now.mockReturnValue(1_012.3456);
        return 'done';
      },
    });
    now.mockRestore();
    expect(scope.calls).toMatchObject([{ durationMs: 12.3 }]);
    expect(callEnded).toHaveBeenCalledWith(
      expect.objectContaining({ seconds: expect.closeTo(0.0123456, 9) }),
    );
  });

  test('ends with it: the time afterwards is not taken for a part of it', async () => {
    await call({ resolve: fail(new AppError('not_found')) });
    workRecord.takeLongest();
    const until = performance.now() + 5;
    while (performance.now() < until);
    expect(workRecord.takeLongest().work).toBe('unknown');
  });
});

describe('the error of a call', () => {
  test('has the code of its reason, the public message and the cause', async () => {
    const cause = new AppError('upstream_timeout', { message: 'a secret' });
    const { error } = await call({ resolve: fail(cause) });
    expect(error).toBeInstanceOf(TRPCError);
    expect(error).toMatchObject({ code: 'GATEWAY_TIMEOUT', cause });
    expect(String(error)).not.toContain('secret');
  });

  test('of tRPC itself is passed on', async () => {
    const thrown = new TRPCError({ code: 'FORBIDDEN', message: 'not you' });
    expect((await call({ resolve: fail(thrown) })).error).toBe(thrown);
  });

  test('of tRPC with a code that the product does not use is internal', async () => {
    const thrown = new TRPCError({ code: 'PRECONDITION_FAILED', message: 'a secret' });
    expect((await call({ resolve: fail(thrown) })).error).toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
  });
});

describe('the rate limit of a call', () => {
  const charge = vi.fn(async (name: 'light' | 'upstream' | 'mail' | 'page') => ({
    name,
    allowed: name !== 'mail',
    points: 10,
    remaining: 0,
    resetSeconds: 42,
    windowSeconds: 60,
  }));
  const limited = () => ({ services: { rateLimiter: { ...services().rateLimiter, charge } } });
  beforeEach(() => void charge.mockClear());

  test('is charged to the class of the procedure and the caller, and is told to the caller', async () => {
    const { scope } = await call({ ...limited(), meta: { rateLimit: 'upstream' } });
    expect(charge.mock.calls).toEqual([['upstream', 'visitor:192.0.2.1']]);
    expect([...scope.rateLimits.values()]).toMatchObject([{ name: 'upstream', resetSeconds: 42 }]);
  });

  test('is checked before the input is read', async () => {
    const rawInput = vi.fn(async () => undefined);
    const { error } = await call({ ...limited(), meta: { rateLimit: 'mail' }, rawInput });
    expect(error).toMatchObject({ code: 'TOO_MANY_REQUESTS', cause: { retryAfterSeconds: 42 } });
    expect(rawInput).not.toHaveBeenCalled();
    expect(rateLimited.mock.calls).toEqual([['mail']]);
  });

  test('does not apply to code of this process', async () => {
    await call({ ...limited(), principal: { kind: 'internal' } });
    expect(charge).not.toHaveBeenCalled();
  });
});

describe("a caller's share of the upstreams", () => {
  const withShare = (perClient: number) => ({
    ...services().shares,
    upstreamCalls: createConcurrencyLimit({ total: Number.POSITIVE_INFINITY, perClient }),
  });

  test('is given back when a call has ended, whatever its outcome', async () => {
    const shares = withShare(1);
    const options = { meta: { rateLimit: 'upstream' as const }, services: { shares } };
    for (const resolve of [() => 'done', fail(new AppError('upstream_timeout')), () => 'done']) {
      const { error } = await call({ ...options, resolve });
      expect(error).not.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    }
  });

  test('limits calls at the same time, each caller on its own, and not those that need no upstream', async () => {
    const finish = Promise.withResolvers<string>();
    const options = { resolve: () => finish.promise, services: { shares: withShare(1) } };
    const upstream = { ...options, meta: { rateLimit: 'upstream' as const } };
    const running = [
      call(upstream),
      call({ ...upstream, principal: { kind: 'visitor', key: '192.0.2.2' } }),
      call(options),
    ];
    const { error } = await call(upstream);
    expect(error).toMatchObject({ code: 'TOO_MANY_REQUESTS', cause: { retryAfterSeconds: 1 } });
    finish.resolve('done');
    expect(await Promise.all(running)).toMatchObject(running.map(() => ({ result: 'done' })));
  });
});

describe('a form', () => {
  const form = (...fields: [string, string][]) => {
    const data = new FormData();
    for (const [name, value] of fields) data.append(name, value);
    return async () => data;
  };
  const meta = { form: true };
  const resolve = () => 'input';

  test('is an object of its fields for a procedure that accepts forms', async () => {
    const { result } = await call({ meta, resolve, rawInput: form(['name', 'Ada'], ['subject', '']) });
    expect(result).toEqual({ name: 'Ada' });
  });

  test('with a repeated field is rejected by its name', async () => {
    const { error } = await call({ meta, resolve, rawInput: form(['name', 'Ada'], ['name', 'Eve']) });
    expect(error).toMatchObject({
      code: 'BAD_REQUEST',
      cause: { fieldErrors: { name: ['Only one value is accepted'] } },
    });
  });

  test('is not read for another procedure, and JSON is passed on', async () => {
    expect((await call({ resolve, rawInput: form(['name', 'Ada']) })).result).toBeInstanceOf(FormData);
    expect((await call({ meta, resolve, rawInput: async () => ({ name: 'Ada' }) })).result).toEqual({
      name: 'Ada',
    });
  });
});
