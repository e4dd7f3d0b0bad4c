import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import superjson from 'superjson';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { errorReasons } from '#server/errors.ts';
import { routeHandler } from '#server/http/route-handlers.ts';
import { log } from '#server/observability/log.ts';
import { services } from '#server/services.ts';
import { createServerCaller, describeFailure } from '#server/trpc/caller.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';

const callTrpc = routeHandler(handleTrpc);

let upstreams: Upstreams;
const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-caller-'));
beforeAll(async () => {
  upstreams = await startUpstreams();
  // The product creates its services from the environment of the process.
  for (const [name, value] of Object.entries(upstreams.env)) vi.stubEnv(name, value);
  vi.stubEnv('DATA_DIR', dataDir);
});
afterAll(async () => {
  await services().stop();
  await services().upstreams.close();
  await upstreams.close();
  vi.unstubAllEnvs();
  rmSync(dataDir, { recursive: true, force: true });
});
beforeEach(() => {
  for (const standIn of [upstreams.readings, upstreams.search, upstreams.items]) standIn.fault(undefined);
});

/** Calls the product's HTTP handler and returns the deserialized result, or the error. */
async function overHttp(path: string, input: unknown): Promise<unknown> {
  const response = await callTrpc(
    new Request(`http://localhost:3000/api/trpc/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: superjson.stringify(input),
    }),
  );
  const body: {
    result?: { data: Parameters<typeof superjson.deserialize>[0] };
    error?: { json: unknown };
  } = await response.json();
  return body.result ? superjson.deserialize(body.result.data) : body.error?.json;
}

const api = createServerCaller();
const rome = { lat: 41.9, lng: 12.5, days: 1 };

describe('the caller returns the same as HTTP', () => {
  test('a forecast, with its dates', async () => {
    const { source: first, ...http } = Object(await overHttp('fixture.reading', rome));
    const { source, ...direct } = await api.fixture.reading(rome);
    expect(direct).toEqual(http);
    expect(direct.hourly[0]?.time).toBeInstanceOf(Date);
    expect(first).toMatchObject({ cache: 'miss' });
    // Both share one response cache.
    expect(source).toMatchObject({ cache: 'hit', fetchedAt: first.fetchedAt });
  });

  test('places', async () => {
    const input = { name: 'Rome', count: 2 };
    const found = await api.fixture.search(input);
    expect(found.length).toBeGreaterThan(0);
    expect(await overHttp('fixture.search', input)).toEqual(found);
  });

  test('a response of the proxy', async () => {
    const input = { params: { owner: 'trpc', repo: 'trpc' } };
    const http = Object(await overHttp('proxy.items.item', input));
    const direct = await api.proxy.items.item(input);
    expect(direct.data).toEqual(http.data);
    expect(direct.data.changed_at).toBeInstanceOf(Date);
  });

  test('the list of endpoints', async () => {
    expect(await overHttp('proxy.endpoints', undefined)).toEqual(await api.proxy.endpoints());
  });

  test('values that JSON does not have', async () => {
    const value = { date: new Date(0), big: 10n, map: new Map([[1, new Set(['a'])]]), none: undefined };
    expect(await api.fixture.body(value)).toEqual({ res: value });
    expect(await overHttp('fixture.body', value)).toEqual({ res: value });
  });

  test('a mail, which is accepted only once over both', async () => {
    const draft = { email: 'ada@visitor.example', contents: 'Hello', idempotencyKey: 'caller-test-1' };
    const direct = await api.email.send(draft);
    expect(direct.duplicate).toBe(false);
    expect(await overHttp('email.send', draft)).toMatchObject({ id: direct.id, duplicate: true });
    expect(await api.email.status({ id: direct.id })).toMatchObject({ id: direct.id });
  });
});

test('each direct call has the method CALL and its own request id', async () => {
  const [first, second] = await Promise.all([api.fixture.request(), api.fixture.request()]);
  expect(first).toMatchObject({ method: 'CALL', pathname: '/', userAgent: null });
  expect(first.requestId).toMatch(/^[\da-f-]{36}$/);
  expect(second.requestId).not.toBe(first.requestId);
});

describe('the principal of a direct call', () => {
  const visitor = { kind: 'visitor', key: '192.0.2.77' } as const;

  test('is charged, and decides what it may do', async () => {
    const charge = vi.spyOn(services().rateLimiter, 'charge');
    const asVisitor = createServerCaller({ principal: async () => visitor });
    await asVisitor.fixture.request();
    expect(charge.mock.calls).toEqual([['light', 'visitor:192.0.2.77']]);
    await expect(asVisitor.mail.list({})).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    charge.mockRestore();
  });

  test('is this process by default, which is not charged', async () => {
    const charge = vi.spyOn(services().rateLimiter, 'charge');
    await api.fixture.request();
    expect(await api.mail.list({})).toMatchObject({ mails: expect.any(Array) });
    expect(charge).not.toHaveBeenCalled();
    charge.mockRestore();
  });
});

test('a direct call that fails is logged with its request id, unless its caller is the cause', async () => {
  const logError = vi.spyOn(log(), 'error').mockReturnValue(undefined);
  onTestFinished(() => logError.mockRestore());
  await expect(api.email.status({ id: 'no-such-mail' })).rejects.toThrow();
  expect(logError).not.toHaveBeenCalled();
  upstreams.readings.fault({ kind: 'status', status: 500 });
  const error: unknown = await api.fixture.reading({ lat: -3, lng: -3 }).catch((cause: unknown) => cause);
  expect(logError.mock.calls).toEqual([
    [
      {
        requestId: describeFailure(error).data.requestId,
        path: expect.toBeOneOf([undefined, 'fixture.reading']),
        reason: 'upstream_bad_answer',
        err: error,
      },
      'call failed',
    ],
  ]);
});

describe('failures', () => {
  const failureOf = async (call: Promise<unknown>) =>
    describeFailure(
      await call.then(
        () => {
          throw new Error('the call did not fail');
        },
        (error: unknown) => error,
      ),
    );
  const requestId = expect.stringMatching(/^[\da-f-]{36}$/);

  test('an invalid input, as over HTTP', async () => {
    const input = { lat: 91, lng: 0 };
    const failure = await failureOf(api.fixture.reading(input));
    const http = Object(await overHttp('fixture.reading', input));
    expect(failure).toEqual({
      message: http.message,
      data: { ...http.data, path: failure.data.path, requestId },
    });
    expect(Object.keys(failure.data.fieldErrors ?? {})).toEqual(['lat']);
  });

  test('a mail that does not exist', async () => {
    const failure = await failureOf(api.email.status({ id: 'no-such-mail' }));
    expect(failure.data).toMatchObject({
      reason: 'not_found',
      httpStatus: 404,
      code: 'NOT_FOUND',
      path: 'email.status',
      requestId,
    });
  });

  test('a failing upstream: the fixed message and the request id, without the cause', async () => {
    upstreams.readings.fault({ kind: 'status', status: 500, body: '{"reason":"a secret of theirs"}' });
    const failure = await failureOf(api.fixture.reading({ lat: -1, lng: -1 }));
    expect(failure).toEqual({
      message: errorReasons.upstream_bad_answer.message,
      data: {
        reason: 'upstream_bad_answer',
        code: 'BAD_GATEWAY',
        httpStatus: 502,
        path: expect.toBeOneOf([null, 'fixture.reading']),
        requestId,
      },
    });
  });

  test('two calls that share one failing upstream response have different request ids', async () => {
    upstreams.readings.fault({ kind: 'status', status: 500 });
    const input = { lat: -2, lng: -2 };
    const [first, second] = await Promise.all([
      failureOf(api.fixture.reading(input)),
      failureOf(api.fixture.reading(input)),
    ]);
    expect(first.data.requestId).toEqual(requestId);
    expect(second.data.requestId).toEqual(requestId);
    expect(first.data.requestId).not.toBe(second.data.requestId);
  });

  test('services that cannot be created', async () => {
    const logError = vi.spyOn(log(), 'error');
    const broken = createServerCaller({
      services: () => {
        throw new Error('a secret of ours');
      },
    });
    const failure = await failureOf(broken.fixture.request());
    expect(failure).toMatchObject({
      message: errorReasons.internal.message,
      data: { reason: 'internal', httpStatus: 500 },
    });
    expect(JSON.stringify(failure)).not.toContain('secret');
    expect(logError.mock.calls).toMatchObject([
      [{ path: 'fixture.request', err: { cause: { message: 'a secret of ours' } } }, 'call failed'],
    ]);
    logError.mockRestore();
  });

  test.each([undefined, null, 'a secret', new Error('a secret')])('any other thrown value: %o', (thrown) => {
    expect(describeFailure(thrown)).toEqual({
      message: errorReasons.internal.message,
      data: {
        reason: 'internal',
        code: 'INTERNAL_SERVER_ERROR',
        httpStatus: 500,
        path: null,
        requestId: 'unknown',
      },
    });
  });
});

describe('changes to a result do not affect the next call', () => {
  test('lists', async () => {
    const first = await api.fixture.reading(rome);
    expect(first.hourly).toHaveLength(24);
    first.hourly.splice(0);
    expect((await api.fixture.reading(rome)).hourly).toHaveLength(24);
  });

  test('dates', async () => {
    const first = await api.fixture.reading(rome);
    const time = first.hourly[12]?.time.toISOString();
    expect(time).toBeTypeOf('string');
    first.hourly[12]?.time.setUTCFullYear(1999);
    expect((await api.fixture.reading(rome)).hourly[12]?.time.toISOString()).toBe(time);
  });
});
