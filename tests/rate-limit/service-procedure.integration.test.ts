import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import superjson from 'superjson';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import { routeHandler } from '#server/http/route-handlers.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Principal } from '#server/principal.ts';
import { createServices, services as servicesOfProcess } from '#server/services.ts';
import { createInnerContext } from '#server/trpc/context.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { createCallerFactory, toAppError } from '#server/trpc/init.ts';
import { expectError, resultOf } from '#tests/support/call.ts';
import { bearer, challenge, invalidToken, keys, serviceKeys } from './keys.ts';
import { ran, serviceRouter } from './service-router.ts';

const callTrpc = routeHandler(handleTrpc);

// The product has no procedure for services alone yet, so its handler is tested with one added to its router.
vi.mock(import('#server/trpc/router.ts'), async (importOriginal) => {
  const { appRouter, ...others } = await importOriginal();
  const { router } = await import('#server/trpc/init.ts');
  const { serviceRouter } = await import('./service-router.ts');
  return { ...others, appRouter: router({ ...appRouter._def.record, internal: serviceRouter }) };
});

const services = createServices({
  env: parseEnv({ RATE_LIMITS: 'light=3/60' }),
  log: createLogger({ level: 'silent' }),
});
const callerOf = (principal: Principal) =>
  createCallerFactory(serviceRouter)(() => createInnerContext({ services, principal }));

const visitor: Principal = { kind: 'visitor', key: '203.0.113.7' };
const service = (name: string, ...scopes: string[]): Principal => ({ kind: 'service', name, scopes });

async function reasonOf(call: Promise<unknown>) {
  return call.then(
    () => 'ok',
    (error: unknown) => toAppError(error).reason,
  );
}

describe('a direct call by', () => {
  test.each([
    { title: 'a visitor', principal: visitor, outcome: 'unauthorized' },
    { title: 'a service without scopes', principal: service('none'), outcome: 'forbidden' },
    {
      title: 'a service with other scopes',
      principal: service('others', 'metrics', 'writer'),
      outcome: 'forbidden',
    },
    { title: 'a service with the scope', principal: service('one', 'write'), outcome: 'ok' },
    {
      title: 'a service with additional scopes',
      principal: service('more', 'metrics', 'write'),
      outcome: 'ok',
    },
    { title: 'this process', principal: { kind: 'internal' } as const, outcome: 'ok' },
  ])('$title: $outcome', async ({ principal, outcome }) => {
    ran.length = 0;
    expect(await reasonOf(callerOf(principal).stock({ item: 'tea' }))).toBe(outcome);
    expect(ran).toEqual(outcome === 'ok' ? ['tea'] : []);
  });

  test('an unauthorized caller is rejected before the input is validated', async () => {
    const call = callerOf({ kind: 'visitor', key: '203.0.113.8' });
    expect(await reasonOf(Reflect.apply(call.stock, undefined, [{ item: 7 }]))).toBe('unauthorized');
    expect(await reasonOf(Reflect.apply(callerOf(service('typo', 'write')).stock, undefined, [{}]))).toBe(
      'invalid_input',
    );
  });

  test('an unauthorized visitor is charged for the rejected call', async () => {
    const caller = callerOf({ kind: 'visitor', key: '203.0.113.9' });
    const outcomes = [];
    for (let count = 0; count < 4; count += 1) outcomes.push(await reasonOf(caller.stock({ item: 'tea' })));
    expect(outcomes).toEqual([...Array(3).fill('unauthorized'), 'rate_limited']);
  });
});

describe("through tRPC's fetch adapter", () => {
  const respondTo = (principal: Principal) =>
    fetchRequestHandler({
      endpoint: '/api/trpc',
      req: new Request(
        `http://localhost/api/trpc/stock?input=${encodeURIComponent(superjson.stringify({ item: 'tea' }))}`,
      ),
      router: serviceRouter,
      createContext: () => createInnerContext({ services, principal, requestId: 'request-1' }),
    });

  test.each([
    { principal: { kind: 'visitor', key: '203.0.113.10' } as const, status: 401, reason: 'unauthorized' },
    { principal: service('fetch-none'), status: 403, reason: 'forbidden' },
  ])('$principal.kind: $status $reason in the error response', async ({ principal, status, reason }) => {
    const response = await respondTo(principal);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      error: { json: { data: { reason, httpStatus: status, path: 'stock', requestId: 'request-1' } } },
    });
  });

  test('a call with the scope succeeds', async () => {
    expect(await resultOf(await respondTo(service('fetch-one', 'write')))).toEqual({ changed: 'tea' });
  });
});

describe("through the product's handler", () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-service-'));
  beforeAll(() => {
    vi.stubEnv('DATA_DIR', dataDir);
    vi.stubEnv('SERVICE_KEYS', serviceKeys);
  });
  afterAll(async () => {
    await servicesOfProcess().stop();
    await servicesOfProcess().upstreams.close();
    vi.unstubAllEnvs();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const request = (path: string, headers: Record<string, string> = {}, query = '') =>
    callTrpc(
      new Request(`http://localhost:3000/api/trpc/${path}${query}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-forwarded-for': '203.0.113.7', ...headers },
        body: query === '' ? superjson.stringify({ item: 'tea' }) : '{"0":{"json":{"item":"tea"}},"1":{}}',
      }),
    );

  test('a call without a key gets 401 with a challenge', async () => {
    const response = await request('internal.stock');
    expect(response.headers.get('www-authenticate')).toBe(challenge);
    await expectError(response, { reason: 'unauthorized', path: 'internal.stock' });
  });

  test('a call with an unknown key gets 401 with a challenge, even for a public procedure', async () => {
    for (const path of ['internal.stock', 'internal.open']) {
      const response = await request(path, bearer('not-a-key'));
      expect(response.headers.get('www-authenticate')).toBe(invalidToken);
      await expectError(response, { reason: 'unauthorized', path });
    }
  });

  test('a call with a key without the scope gets 403 without a challenge', async () => {
    const response = await request('internal.stock', bearer(keys.reader));
    expect(response.headers.has('www-authenticate')).toBe(false);
    await expectError(response, { reason: 'forbidden', path: 'internal.stock' });
  });

  test('a call with the scope succeeds', async () => {
    const response = await request('internal.stock', bearer(keys.writer));
    expect(response.headers.has('www-authenticate')).toBe(false);
    expect(await resultOf(response)).toEqual({ changed: 'tea' });
  });

  test('only the calls of a batch that need a key are rejected', async () => {
    const response = await request('internal.stock,internal.open', {}, '?batch=1');
    expect(response.status).toBe(207);
    expect(await response.json()).toMatchObject([
      { error: { json: { data: { reason: 'unauthorized', path: 'internal.stock' } } } },
      { result: { data: { json: 'open' } } },
    ]);
  });
});
