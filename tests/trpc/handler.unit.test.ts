import { afterEach, describe, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { AppError } from '#server/errors.ts';
import { routeHandler } from '#server/http/route-handlers.ts';
import { services } from '#server/services.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { withServices } from '#tests/http/support/in-process.ts';

const callTrpc = routeHandler(handleTrpc);

withServices();
afterEach(() => void vi.restoreAllMocks());

const json = { 'content-type': 'application/json' };

function send(path: string, init: RequestInit = {}): Promise<Response> {
  return callTrpc(new Request(`http://localhost:3000/api/trpc/${path}`, init));
}

const post = (path: string, body: string, headers: Record<string, string> = json) =>
  send(path, { method: 'POST', headers, body });

/** Returns the fields of the request's line in the log. */
async function lineOf(responding: () => Promise<Response>): Promise<unknown> {
  const event = vi.spyOn(services().log, 'event');
  await (await responding()).text();
  await expect.poll(() => event.mock.calls.length).toBe(1);
  return event.mock.calls[0]?.[1];
}

describe('a response', () => {
  test('is JSON that no cache stores, with its length in bytes', async () => {
    const response = await post('fixture.body', '{"json":"ä"}');
    const text = await response.text();
    expect(text).toBe('{"result":{"data":{"json":{"res":"ä"}}}}');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      'cache-control': 'private, no-store',
    });
    expect(response.headers.has('retry-after')).toBe(false);
    expect(response.headers.has('www-authenticate')).toBe(false);
  });

  test('to calls that all fail for want of a key asks for one', async () => {
    const response = await post('mail.get', '{"json":{"id":"a"}}');
    expect(response.status).toBe(401);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'www-authenticate': 'Bearer realm="typed-bff"',
    });
    const mixed = await post('mail.list,proxy.endpoints?batch=1', '{"0":{"json":{}}}');
    expect(mixed.status).toBe(207);
    expect(mixed.headers.has('www-authenticate')).toBe(false);
  });

  test.each([
    ['fixture.request', 'GET, POST, OPTIONS'],
    ['fixture.body', 'POST, OPTIONS'],
    ['fixture.request,fixture.body?batch=1', 'POST, OPTIONS'],
  ])('to OPTIONS %s has the methods of its calls', async (path, allow) => {
    const response = await send(path, { method: 'OPTIONS' });
    expect([response.status, response.headers.get('allow')]).toEqual([204, allow]);
  });
});

describe('the log of a request', () => {
  test('has the sizes in bytes and the caller', async () => {
    expect(await lineOf(() => post('fixture.body', '{"json":"ä"}'))).toMatchObject({
      bytesIn: Buffer.byteLength('{"json":"ä"}'),
      bytesOut: Buffer.byteLength('{"result":{"data":{"json":{"res":"ä"}}}}'),
      status: 200,
      caller: expect.stringMatching(/^visitor:/),
    });
    vi.restoreAllMocks();
    expect(await lineOf(() => send('fixture.request'))).toMatchObject({ bytesIn: 0 });
  });

  test.each([
    ['fixture.request', ['']],
    ['fixture.request?batch=1', ['']],
    ['fixture.request,fixture.request?batch=1', ['.0', '.1']],
  ])('names the calls of %s by the id of the request and %j', async (path, suffixes) => {
    const line = await lineOf(() => send(path, { headers: { 'x-request-id': 'request-0001' } }));
    expect(line).toMatchObject({ calls: suffixes.map((suffix) => ({ id: `request-0001${suffix}` })) });
  });
});

test('a call that failed on the server is logged, unless its caller has left or is the cause', async () => {
  const logError = vi.spyOn(services().log, 'error');
  const failedCalls = () => logError.mock.calls.filter(([, message]) => String(message) === 'call failed');
  const statusOf = async (signal = new AbortController().signal) =>
    (await send('email.status?input={"json":{"id":"a"}}', { signal })).status;
  expect(await statusOf()).toBe(404);
  expect(failedCalls()).toEqual([]);
  vi.spyOn(services().mail, 'status').mockRejectedValue(new TypeError('x is not a function'));
  expect(await statusOf()).toBe(500);
  expect(failedCalls()).toMatchObject([[{ path: 'email.status', reason: 'internal' }, 'call failed']]);
  await statusOf(AbortSignal.abort());
  expect(failedCalls()).toHaveLength(1);
});

describe('a request is rejected before its calls run', () => {
  const statusOf = async (responding: Promise<Response>) => {
    const response = await responding;
    return [response.status, response.headers.get('allow')];
  };

  test('by a method that its calls do not accept', async () => {
    expect(await statusOf(send('fixture.body'))).toEqual([405, 'POST']);
    expect(await statusOf(send('fixture.request', { method: 'HEAD' }))).toEqual([405, 'GET, POST']);
    expect(await statusOf(send('%', { method: 'PUT' }))).toEqual([405, 'GET, POST']);
  });

  test('from another site, unless it only reads', async () => {
    const foreign = { ...json, 'sec-fetch-site': 'cross-site' };
    expect((await post('fixture.body', '{"json":1}', foreign)).status).toBe(403);
    expect((await send('fixture.request', { headers: foreign })).status).toBe(200);
  });

  test('with more calls than a batch may have', async () => {
    const paths = Array(limits.batchSize + 1)
      .fill('fixture.request')
      .join();
    const response = await send(`${paths}?batch=1`);
    expect(await response.json()).toMatchObject({ error: { json: { data: { reason: 'batch_too_large' } } } });
  });
});

test.each([
  [['a'], 7],
  [['a', 'b'], 9],
  [['b', 'a'], 9],
  [['c', 'a'], 7],
])('Retry-After of the calls %j is the longest: %d', async (ids, expected) => {
  const seconds: Record<string, number> = { a: 7, b: 9 };
  vi.spyOn(services().mail, 'status').mockImplementation(async (id) => {
    const retryAfterSeconds = seconds[id];
    if (retryAfterSeconds === undefined) throw new AppError('not_found');
    throw new AppError('rate_limited', { retryAfterSeconds });
  });
  const inputs = Object.fromEntries(ids.map((id, index) => [index, { json: { id } }]));
  const response = await post(`${ids.map(() => 'email.status')}?batch=1`, JSON.stringify(inputs));
  expect(response.headers.get('retry-after')).toBe(String(expected));
});

test('an error has the path of its call and the id of the request', async () => {
  const response = await send('no.such', { headers: { 'x-request-id': 'request-0001' } });
  expect(await response.json()).toMatchObject({
    error: { json: { data: { path: 'no.such', requestId: 'request-0001' } } },
  });
});

test('a batch of one call that asks for JSON lines gets one line, with the status of the call', async () => {
  const response = await send('no.such?batch=1', { headers: { 'trpc-accept': 'application/jsonl' } });
  expect(response.status).toBe(404);
  expect(await response.text()).toMatch(/^[^\n]+\n$/);
});

describe('the input of a call', () => {
  test('may be a form, whose values are no superjson', async () => {
    const form = new FormData();
    form.append('email', 'ada@visitor.example');
    form.append('contents', 'Hello');
    const response = await send('email.send', { method: 'POST', body: form });
    expect(await response.json()).toMatchObject({ result: { data: { json: { duplicate: false } } } });
  });

  test.each([
    ['fixture.request', 'GET without a query', () => send('fixture.request')],
    ['fixture.request', 'GET with an empty input', () => send('fixture.request?input=')],
    ['fixture.request', 'POST without a body', () => post('fixture.request', '')],
  ])('of %s is none by %s', async (_, __, sending) => {
    expect((await sending()).status).toBe(200);
  });

  test.each([
    { title: 'JSON', body: `"${'x'.repeat(limits.jsonBodyBytes - 11)}"`, status: 200 },
    { title: 'JSON', body: `"${'x'.repeat(limits.jsonBodyBytes - 10)}"`, status: 413 },
  ])('of $title may have the limit and no byte more: $status', async ({ body, status }) => {
    expect((await post('fixture.body', `{"json":${body}}`)).status).toBe(status);
  });

  test('is not read for calls that cannot run', async () => {
    const unread = async (path: string) => {
      const request = new Request(`http://localhost:3000/api/trpc/${path}`, {
        method: 'POST',
        headers: json,
        body: '{',
      });
      const { status } = await callTrpc(request);
      return [status, request.bodyUsed];
    };
    expect(await unread('no.such')).toEqual([404, false]);
    expect(await unread('mail.get')).toEqual([401, false]);
    expect(await unread('no.such,fixture.body?batch=1')).toEqual([207, true]);
  });
});
