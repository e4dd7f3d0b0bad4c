import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorReasons } from '#server/errors.ts';
import { post, postBatch } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import { expectCauseWithoutStack } from '#tests/upstream-client/failing-upstream.ts';
import { eventOf, linesOf, logLines } from './support/log.ts';

const key = 'secret-service-key-4711';
let product: Product;
beforeAll(async () => {
  const sha256 = createHash('sha256').update(key).digest('hex');
  product = await startProduct({
    SERVICE_KEYS: `robot:${sha256}:metrics`,
    LOG_LEVEL: 'trace',
    TRUSTED_PROXY_HOPS: '1',
  });
});
afterAll(() => product.close());

const idOf = (response: Response) => response.headers.get('x-request-id') ?? '';

test('a call logs one wide event with the caller, the procedure and the outcome', async () => {
  const response = await post(product, 'fixture.body', 'twelve chars');
  const body = await response.text();
  const requestId = idOf(response);
  const event = await eventOf(product, requestId);
  expect(event).toMatchObject({
    level: 'info',
    requestId,
    method: 'POST',
    route: '/api/trpc/[trpc]',
    status: 200,
    bytesIn: '{"json":"twelve chars"}'.length,
    bytesOut: body.length,
    calls: [{ id: expect.stringContaining(requestId), procedure: 'fixture.body', outcome: 'ok' }],
  });
  expect(event.caller).toMatch(/^visitor:[\w-]{8,}$/);
  expect(event.durationMs).toBeGreaterThan(0);
  expect(linesOf(product, requestId)).toHaveLength(1);
});

test('a batch logs one event that lists each call under its own id', async () => {
  const response = await postBatch(product, [
    ['proxy.endpoints', undefined],
    ['email.status', { id: 'none' }],
    ['nothing.here', undefined],
    ['proxy.endpoints', undefined],
  ]);
  expect(response.status).toBe(207);
  const requestId = idOf(response);
  const { calls, level, status } = await eventOf(product, requestId);
  expect({ level, status }).toEqual({ level: 'info', status: 207 });
  const listed = calls?.map(({ id, procedure, outcome }) => ({ id, procedure, outcome }));
  expect(listed?.toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
    { id: `${requestId}.0`, procedure: 'proxy.endpoints', outcome: 'ok' },
    { id: `${requestId}.1`, procedure: 'email.status', outcome: 'not_found' },
    { id: `${requestId}.3`, procedure: 'proxy.endpoints', outcome: 'ok' },
  ]);
  expect(linesOf(product, requestId)).toHaveLength(1);
});

describe('the log level follows the status', () => {
  test.each([
    { path: '/api/trpc/fixture.request', status: 200, level: 'info', route: '/api/trpc/[trpc]' },
    { path: '/rss.xml', status: 200, level: 'info', route: '/rss.xml' },
    { path: '/llms.txt', status: 200, level: 'info', route: '/llms.txt' },
    { path: '/api/trpc/nothing.here', status: 404, level: 'warn', route: '/api/trpc/[trpc]' },
    { path: '/api/trpc/fixture.body', status: 405, level: 'warn', route: '/api/trpc/[trpc]' },
    { path: '/api/nothing', status: 404, level: 'warn', route: '/api/*' },
    { path: '/docs/procedures/no.such.md', status: 404, level: 'warn', route: '/docs/procedures/[file]' },
  ])('$path: $status is $level', async ({ path, status, level, route }) => {
    const response = await fetch(`${product.baseUrl}${path}?secretquery=1`);
    expect(response.status).toBe(status);
    expect(await eventOf(product, idOf(response))).toMatchObject({ level, route, status, method: 'GET' });
  });

  test('a 5xx is logged at level error, with its cause under the same request id', async () => {
    product.upstreams.items.fault({ kind: 'reset' });
    const response = await post(product, 'proxy.items.item', {
      params: { owner: 'trpc', repo: 'reset' },
    });
    product.upstreams.items.fault(undefined);
    expect(response.status).toBe(errorReasons.upstream_unreachable.httpStatus);
    const requestId = idOf(response);
    expect(await response.text()).toContain(requestId);
    expect(await eventOf(product, requestId)).toMatchObject({
      level: 'error',
      status: 502,
      calls: [{ procedure: 'proxy.items.item', outcome: 'upstream_unreachable' }],
    });
    const [failure, ...others] = linesOf(product, requestId).filter((line) => line.err);
    expect(others).toEqual([]);
    expect(failure).toMatchObject({ level: 'error', reason: 'upstream_unreachable' });
    expectCauseWithoutStack(failure?.err, 'upstream_unreachable');
  });

  test('a request rejected before routing is logged too', async () => {
    const response = await fetch(`${product.baseUrl}/api/trpc/%`, {
      headers: { 'x-request-id': 'malformed-path-1' },
    });
    expect(response.status).toBe(400);
    expect(await eventOf(product, 'malformed-path-1')).toMatchObject({ level: 'warn', status: 400 });
  });
});

describe('the caller', () => {
  const callerAt = async (address: string) => {
    const response = await fetch(`${product.baseUrl}/api/trpc/fixture.request`, {
      headers: { 'x-forwarded-for': address },
    });
    return (await eventOf(product, idOf(response))).caller;
  };

  test('is a pseudonym: the same for the same address, different for different addresses', async () => {
    const caller = await callerAt('203.0.113.77');
    expect(await callerAt('203.0.113.77')).toBe(caller);
    expect(await callerAt('203.0.113.78')).not.toBe(caller);
  });

  test('is the name of the service that the key belongs to', async () => {
    const response = await post(product, 'fixture.body', 1, { authorization: `Bearer ${key}` });
    expect(response.status).toBe(200);
    expect((await eventOf(product, idOf(response))).caller).toBe('service:robot');
  });
});

test('no log line contains an input, a query, an address, a key or a cookie', async () => {
  const secrets = {
    input: 'secretinput',
    query: 'secretquery',
    cookie: 'secretcookie',
    badKey: 'secretbadkey',
    address: '203.0.113.77',
    ipv6: '2001:db8:4711',
  };
  const headers = { cookie: `place=${secrets.cookie}`, 'x-forwarded-for': `${secrets.ipv6}::1` };
  const responses = [
    await post(product, `fixture.body?${secrets.query}=1`, secrets.input, headers),
    await post(product, 'fixture.search', { name: secrets.input, count: 'x' }, headers),
    await post(product, 'fixture.body', secrets.input, {
      ...headers,
      authorization: `Bearer ${secrets.badKey}`,
    }),
    await post(product, 'fixture.body', secrets.input, { ...headers, authorization: `Bearer ${key}` }),
    await post(product, `${secrets.input}.${secrets.query}`, 1, headers),
    await fetch(`${product.baseUrl}/api/${secrets.input}?${secrets.query}`, { headers }),
    await fetch(`${product.baseUrl}/${secrets.input}?${secrets.query}`, { headers }),
    await fetch(`${product.baseUrl}/docs/procedures/${secrets.input}.md`, { headers }),
  ];
  expect(responses.map(({ status }) => status)).toEqual([200, 400, 401, 200, 404, 404, 404, 404]);
  const last = responses.at(-1);
  if (last) await eventOf(product, idOf(last));
  const found = [...Object.values(secrets), key].filter((secret) => product.log().includes(secret));
  expect(found).toEqual([]);
  expect(product.log()).not.toContain('127.0.0.1');
  expect(logLines(product).length).toBeGreaterThan(10);
});
