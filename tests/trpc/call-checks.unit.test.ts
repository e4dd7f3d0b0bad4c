import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { allowedMethodsOf } from '#server/trpc/allowed-methods.ts';
import { acceptsJsonLines, rejectedBody } from '#server/trpc/http/json-lines.ts';
import {
  allowedMethods,
  calledPath,
  callsOf,
  checkBatch,
  checkContentType,
  checkKnownMethod,
  checkMethod,
  checkQuery,
  queryParameter,
} from '#server/trpc/http/parse-request.ts';

function request(path: string, init: RequestInit = {}): Request {
  return new Request(`https://site.example/api/trpc/${path}`, init);
}

/** The procedures of a path: a public query, a mutation, a sensitive query, one that accepts forms, and none. */
const called = (path: string, query = '') => callsOf(request(`${path}${query}`)).called;
const batch = (...paths: string[]) => called(paths.join(), '?batch=1');
const [query, mutation, sensitive, withForm, unknown] = [
  'fixture.request',
  'fixture.body',
  'proxy.endpoints',
  'email.send',
  'no.such',
];

describe('the calls of a request', () => {
  test.each([
    ['fixture.body', ['fixture.body'], false],
    ['fixture%2Ebody', ['fixture.body'], false],
    ['fixture.body,fixture.request', ['fixture.body,fixture.request'], false],
    ['fixture.body,fixture.request?batch=1', ['fixture.body', 'fixture.request'], true],
    ['fixture.body%2Cfixture.request?batch=1', ['fixture.body', 'fixture.request'], true],
    ['fixture.body?batch=1', ['fixture.body'], true],
    ['fixture.body,?batch=1', ['fixture.body', ''], true],
    ['fixture.body,fixture.request?batch=0', ['fixture.body,fixture.request'], false],
    ['?batch=1', [''], true],
  ])('%s are %j; a batch: %s', (path, paths, isBatch) => {
    expect(callsOf(request(path))).toMatchObject({ paths, isBatch });
  });

  test('are undefined if there is no such procedure', () => {
    expect(batch(query, unknown).map((procedure) => procedure?.path)).toEqual(['fixture.request', undefined]);
    expect(called('constructor')).toEqual([undefined]);
  });

  test('have a path as it is in the URL', () => {
    expect(calledPath(request('a%2Eb?c'))).toBe('a%2Eb');
  });
});

test('a parameter of the query is found by its name', () => {
  expect(queryParameter(request('a'), 'input')).toBeNull();
  expect(queryParameter(request('a?batch=1'), 'input')).toBeNull();
  expect(queryParameter(request('a?input=%7B%7D'), 'input')).toBe('{}');
});

describe('the methods', () => {
  test.each([
    [{ type: 'query', sensitive: false }, ['GET', 'POST']],
    [{ type: 'query', sensitive: true }, ['POST']],
    [{ type: 'mutation', sensitive: false }, ['POST']],
    [{ type: 'mutation', sensitive: true }, ['POST']],
  ] as const)('of a procedure %j are %j', ({ type, sensitive }, expected) => {
    const meta = { summary: 's', description: 'd', rateLimit: 'light', sensitive } as const;
    expect(allowedMethodsOf({ type, meta })).toEqual(expected);
  });

  test.each([
    [[query], 'GET, POST'],
    [[unknown], 'GET, POST'],
    [[mutation], 'POST'],
    [[query, query], 'GET, POST'],
    [[query, sensitive], 'POST'],
    [[unknown, sensitive], 'POST'],
  ])('of a request for %j are %s', (paths, expected) => {
    expect(allowedMethods(batch(...paths))).toBe(expected);
  });

  test.each([
    ['POST', query],
    ['POST', mutation],
    ['POST', sensitive],
    ['GET', query],
    ['GET', unknown],
  ])('%s is accepted for %s', (method, path) => {
    expect(() => checkMethod(method, called(path))).not.toThrow();
  });

  test('GET is rejected for a procedure that needs POST, with how to send it', () => {
    expect(() => checkMethod('GET', called(sensitive))).toThrow(
      expect.objectContaining({
        reason: 'method_not_allowed',
        headers: { allow: 'POST' },
        message: expect.stringContaining("methodOverride: 'POST'"),
      }),
    );
  });

  test.each([
    ['HEAD', query, 'GET, POST'],
    ['HEAD', mutation, 'POST'],
  ])('%s is rejected for %s, with those that are accepted', (method, path, allow) => {
    expect(() => checkMethod(method, called(path))).toThrow(
      expect.objectContaining({ headers: { allow }, message: 'This method is not allowed here.' }),
    );
  });

  test.each(['GET', 'POST', 'OPTIONS'])('%s is known', (method) => {
    expect(() => checkKnownMethod(request(query, { method }))).not.toThrow();
  });

  test.each([
    [mutation, 'POST'],
    [query, 'GET, POST'],
    ['%', 'GET, POST'],
  ])('PUT is not, also for the path %s, and the error names those that are: %s', (path, allow) => {
    expect(() => checkKnownMethod(request(path, { method: 'PUT' }))).toThrow(
      expect.objectContaining({ reason: 'method_not_allowed', headers: { allow } }),
    );
  });
});

describe('a body', () => {
  const form = 'multipart/form-data; boundary=b';
  const kindOf = (method: string, type: string | undefined, procedures: ReturnType<typeof called>) =>
    checkContentType(
      request('', { method, ...(type === undefined ? {} : { headers: { 'content-type': type } }) }),
      procedures,
    );

  test.each([
    ['GET', undefined, called(query), 'json'],
    ['GET', 'application/json', called(query), 'json'],
    ['POST', 'application/json; charset=utf-8', called(mutation), 'json'],
    ['POST', 'application/json', called(withForm), 'json'],
    ['POST', form, called(withForm), 'form'],
    ['POST', 'Multipart/Form-Data ;boundary=b', called(withForm), 'form'],
  ])('by %s of the type %s is accepted', (method, type, procedures, kind) => {
    expect(kindOf(method, type, procedures)).toBe(kind);
  });

  const json = 'Send application/json.';
  const either = 'Send application/json or multipart/form-data.';
  test.each([
    ['POST', undefined, called(mutation), json],
    ['POST', undefined, called(withForm), either],
    ['POST', 'text/plain', called(mutation), json],
    ['GET', 'text/plain', called(query), json],
    ['POST', form, called(mutation), json],
    ['POST', form, batch(withForm, withForm), json],
    ['POST', 'multipart/form-data', called(withForm), either],
    ['POST', 'x-multipart/form-data; boundary=b', called(withForm), either],
  ])('by %s of the type %s is rejected with those that are accepted', (method, type, procedures, message) => {
    expect(() => kindOf(method, type, procedures)).toThrow(
      expect.objectContaining({ reason: 'unsupported_media_type', message }),
    );
  });
});

describe('a batch', () => {
  test.each([
    [Array(limits.batchSize).fill(query)],
    [[query, sensitive]],
    [[mutation, unknown]],
    [[mutation]],
  ])('of %j is accepted', (paths) => {
    expect(() => checkBatch(batch(...paths))).not.toThrow();
  });

  test('of one call more than the limit is rejected with the option to set', () => {
    expect(() => checkBatch(batch(...Array(limits.batchSize + 1).fill(query)))).toThrow(
      expect.objectContaining({
        reason: 'batch_too_large',
        message: expect.stringContaining('maxItems: 10'),
      }),
    );
  });

  test('of queries and mutations is rejected', () => {
    expect(() => checkBatch(batch(query, mutation))).toThrow(
      expect.objectContaining({
        reason: 'invalid_input',
        message: 'A batch must not mix queries, mutations and subscriptions.',
      }),
    );
  });
});

test('a query without connection parameters, of at most the limit, is accepted', () => {
  expect(() => checkQuery(request('a'))).not.toThrow();
  expect(() => checkQuery(request(`a?${'q'.repeat(limits.queryBytes)}`))).not.toThrow();
  expect(() => checkQuery(request(`a?${'q'.repeat(limits.queryBytes + 1)}`))).toThrow(
    expect.objectContaining({ reason: 'uri_too_long', message: expect.stringContaining('Use POST') }),
  );
});

describe('JSON lines', () => {
  test.each([
    [{}, false],
    [{ accept: 'application/jsonl' }, true],
    [{ accept: 'text/html , application/jsonl' }, true],
    [{ accept: 'application/jsonl;q=1' }, false],
    [{ 'trpc-accept': 'application/jsonl' }, true],
    [{ 'trpc-accept': 'application/json', accept: 'application/jsonl' }, false],
  ])('are asked for by %j: %s', (headers, expected) => {
    expect(acceptsJsonLines(request('a', { headers }))).toBe(expected);
  });

  const error = {
    message: 'Not found.',
    code: -32004,
    data: { code: 'NOT_FOUND', httpStatus: 404, path: null, requestId: 'request-1', reason: 'not_found' },
  } as const;
  const lines = { headers: { 'trpc-accept': 'application/jsonl' } };

  test('have the error of a rejected request for each of its calls, up to a limit', () => {
    const body = (path: string) => JSON.parse(rejectedBody(request(path, lines), error));
    expect(body('a,b%2cc')).toEqual({
      error: { json: error },
      json: { 0: [[{ error }]], 1: [[{ error }]], 2: [[{ error }]] },
    });
    expect(Object.keys(body(Array(1_000).fill('a').join()).json)).toHaveLength(10 * limits.batchSize);
  });

  test('are one line with a line feed, and others get JSON', () => {
    expect(rejectedBody(request('a', lines), error)).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(rejectedBody(request('a'), error))).toEqual({ error: { json: error } });
  });
});
