import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import { AppError } from '#server/errors.ts';
import { HttpError } from '#server/http/http-error.ts';
import { pathOf, rejectMalformed, writeError } from '#server/node-server/reject-malformed.ts';
import { createLogger } from '#server/observability/log.ts';

const allMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const check = (method: string, url: string, headers = {}) => rejectMalformed({ method, url, headers });

test.each([
  ['/a', '/a'],
  ['/a?b?c', '/a'],
  ['?a', ''],
  ['', ''],
])('the path of %s is %s', (url, path) => {
  expect(pathOf(url)).toBe(path);
});

describe('a request is accepted', () => {
  test.each(allMethods.split(', '))('by %s', (method) => {
    expect(() => check(method, '/a')).not.toThrow();
  });

  test.each([
    ['/'],
    ['/a.b/..c/...'],
    ['/a?b=/../c\\d'],
    ['/a%2Fb'],
    ['/api/raw'],
    ['/api/raws/a;b'],
    ['/api/raw/store/a-b'],
    ['/ä'],
  ])('for %s', (url) => {
    expect(() => check('GET', url)).not.toThrow();
  });

  test.each([{ 'transfer-encoding': 'chunked' }, { 'transfer-encoding': 'Chunked' }])(
    'with %j',
    (headers) => {
      expect(() => check('POST', '/a', headers)).not.toThrow();
    },
  );
});

describe('a request is rejected', () => {
  test.each(['TRACE', 'QUERY', 'PROPFIND', 'get', ''])(
    'by the method %j, with those of the server',
    (method) => {
      expect(() => check(method, '/a')).toThrow(
        expect.objectContaining({ reason: 'method_not_allowed', headers: { allow: allMethods } }),
      );
    },
  );

  test.each<[string, string, string, object]>([
    ['invalid_input', 'POST', '/a', { 'transfer-encoding': 'gzip' }],
    ['invalid_input', 'POST', '/a', { 'transfer-encoding': 'gzip, chunked' }],
    ['not_found', 'POST', '/a', { 'next-action': '' }],
    ['invalid_input', 'GET', '/.', {}],
    ['invalid_input', 'GET', '/a/../b', {}],
    ['invalid_input', 'GET', '/a/..', {}],
    ['invalid_input', 'GET', '/a/%2E%2e/b', {}],
    ['invalid_input', 'GET', '/a/.%2e?b', {}],
    ['invalid_input', 'GET', '/a\\b', {}],
    ['invalid_input', 'GET', '/%', {}],
    ['invalid_input', 'GET', '/%ff', {}],
    ['invalid_input', 'GET', '/api/raw/store/a%2Fb', {}],
    ['invalid_input', 'GET', '/api/raw/store//a', {}],
    ['uri_too_long', 'GET', `/api/raw/store/${'a/'.repeat(2_000)}`, {}],
  ])('as %s: %s %s %j', (reason, method, url, headers) => {
    expect(() => check(method, url, headers)).toThrow(expect.objectContaining({ reason }));
  });

  test.each([
    ['GET', '/api/trpc/%', 'invalid_input'],
    ['POST', '/api/trpc/%', 'invalid_input'],
    ['OPTIONS', '/api/trpc/%', 'invalid_input'],
    ['PUT', '/api/trpc/%', 'method_not_allowed'],
    ['PUT', '/api/trpcs/%', 'invalid_input'],
  ])('by its method before its path, if it is a call: %s %s', (method, url, reason) => {
    expect(() => check(method, url)).toThrow(expect.objectContaining({ reason }));
  });
});

describe('the response to a rejected request', () => {
  /** Rejects a request, and returns what is sent, logged and counted. */
  function reject(method: string, headers: Record<string, string>, error: AppError) {
    const lines: unknown[] = [];
    const requestEnded = vi.fn();
    const message = Object.assign(new IncomingMessage(new Socket()), { method, headers });
    const response = new ServerResponse(message);
    const writeHead = vi.spyOn(response, 'writeHead');
    const end = vi.spyOn(response, 'end');
    writeError(message, response, error, {
      env: parseEnv({ SITE_URL: 'https://site.example', ALLOWED_ORIGINS: 'https://app.example' }),
      log: createLogger({ level: 'info', destination: { write: (line) => lines.push(JSON.parse(line)) } }),
      metrics: { requestEnded },
    });
    const [status, sent] = writeHead.mock.calls[0] ?? [];
    const body = JSON.parse(String(end.mock.calls[0]?.[0]));
    return { status, headers: new Headers(Object(sent)), body, lines, requestEnded };
  }

  test('has the error, the request id of the caller and the common headers, and closes the connection', () => {
    const headers = { 'x-request-id': 'request-0001', origin: 'https://app.example' };
    const error = new HttpError('method_not_allowed', { headers: { allow: 'GET' } });
    const response = reject('GET', headers, error);
    expect(response.status).toBe(405);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      connection: 'close',
      allow: 'GET',
      'content-type': 'application/json',
      'x-request-id': 'request-0001',
      'x-content-type-options': 'nosniff',
      'access-control-allow-origin': 'https://app.example',
    });
    expect(response.body.error.json.data).toEqual({
      code: 'METHOD_NOT_SUPPORTED',
      httpStatus: 405,
      path: null,
      requestId: 'request-0001',
      reason: 'method_not_allowed',
    });
  });

  test.each([
    ['GET', 'GET'],
    ['TRACE', 'other'],
  ])('to %s is logged and counted with the method %s', (method, logged) => {
    const { headers, lines, requestEnded } = reject(method, {}, new AppError('invalid_input'));
    const requestId = headers.get('x-request-id');
    expect(requestId).toMatch(/^[\da-f-]{36}$/);
    expect(lines).toMatchObject([
      { level: 'warn', msg: 'request', requestId, method: logged, route: 'front', status: 400 },
    ]);
    expect(requestEnded).toHaveBeenCalledExactlyOnceWith({
      method: logged,
      route: 'front',
      status: 400,
      seconds: 0,
    });
  });
});
