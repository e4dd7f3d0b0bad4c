import { Readable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import { type HttpRequest, targetOf } from '#server/http/request.ts';
import { jsonResponse, toResponse } from '#server/http/response.ts';
import { routeHandlers } from '#server/http/route-handlers.ts';

describe('a web Response', () => {
  test('has the status, the headers and the body', async () => {
    const response = toResponse({ status: 201, headers: { 'x-own': 'a' }, body: 'text' });
    expect([response.status, response.headers.get('x-own'), await response.text()]).toEqual([
      201,
      'a',
      'text',
    ]);
  });

  test('sets each of its cookies', () => {
    const cookies = ['a=1; Path=/', 'b=2; Path=/'];
    const { headers } = toResponse({ status: 200, headers: {}, body: null, cookies });
    expect(headers.getSetCookie()).toEqual(cookies);
  });

  test('may have no body', () => {
    expect(toResponse({ status: 204, headers: {}, body: null }).body).toBeNull();
  });

  test('streams the chunks of a Node stream', async () => {
    const body = Readable.from([Buffer.from('one '), Buffer.from('two')]);
    expect(await toResponse({ status: 200, headers: {}, body }).text()).toBe('one two');
  });

  test('reads a Node stream only as far as its consumer does, and destroys it if the consumer leaves', async () => {
    const read = vi.fn();
    const body = new Readable({
      highWaterMark: 1,
      read() {
        read();
        this.push(Buffer.from('x'));
      },
    });
    const reader = toResponse({ status: 200, headers: {}, body }).body?.getReader();
    await new Promise(setImmediate);
    expect(read).not.toHaveBeenCalled();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('x');
    await reader?.cancel();
    expect(body.destroyed).toBe(true);
  });

  test('fails if the Node stream fails', async () => {
    const body = new Readable({
      read() {
        this.destroy(new Error('upstream lost'));
      },
    });
    await expect(toResponse({ status: 200, headers: {}, body }).text()).rejects.toThrow('upstream lost');
  });
});

test('a JSON response is a 200 unless it says otherwise, and may have further headers', () => {
  expect(jsonResponse({ a: 1 })).toEqual({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: '{"a":1}',
  });
  expect(
    jsonResponse([], { status: 201, headers: { 'content-type': 'application/feed+json', 'x-own': 'a' } }),
  ).toEqual({
    status: 201,
    headers: { 'content-type': 'application/feed+json', 'x-own': 'a' },
    body: '[]',
  });
});

test('a route handles every method itself', async () => {
  const handlers = routeHandlers(async ({ method }) => ({ status: 200, headers: {}, body: method }));
  expect(Object.keys(handlers).sort()).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']);
  for (const [method, handler] of Object.entries(handlers)) {
    expect(await (await handler(new Request('http://localhost/', { method }))).text()).toBe(method);
  }
});

describe('the target of a request', () => {
  const requestFor = (url: string): HttpRequest => {
    const { method, signal, headers, body } = new Request('http://localhost/');
    return { method, signal, headers, body, url };
  };

  test('is parsed from its URL once', () => {
    const request = requestFor('http://localhost/a/b?c=d');
    const target = targetOf(request);
    expect([target.pathname, target.search]).toEqual(['/a/b', '?c=d']);
    expect(targetOf(request)).toBe(target);
    expect(targetOf(requestFor('http://localhost/other')).pathname).toBe('/other');
  });

  test('is that of the server if it provides one', () => {
    const target = new URL('http://localhost/parsed');
    expect(targetOf({ ...requestFor('http://localhost/other'), target })).toBe(target);
  });
});
