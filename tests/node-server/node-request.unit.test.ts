import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NodeHeaders, NodeRequest } from '#server/node-server/node-request.ts';

const origin = 'https://site.example';
const limits = { maxBytes: 100, deadline: 10_000 };

function request({
  method,
  url,
  headers = {},
}: Partial<Pick<IncomingMessage, 'method' | 'url' | 'headers'>>) {
  const message = Object.assign(new IncomingMessage(new Socket()), { headers });
  if (method !== undefined) message.method = method;
  if (url !== undefined) message.url = url;
  return { message, request: new NodeRequest(message, origin) };
}

describe('the target of a request', () => {
  const partsOf = ({
    pathname,
    search,
    searchParams,
  }: Pick<URL, 'pathname' | 'search' | 'searchParams'>) => ({
    pathname,
    search,
    parameters: [...searchParams],
  });
  const targetOf = (url: string) => partsOf(request({ url }).request.target);

  test.each([
    '/',
    '/a',
    '/a?',
    '/a?b=c&d=%20',
    '/a?b?c',
    '/ä',
    '/a b',
    '/a?b#c',
    '/a"b',
    '/a?b=c+d',
    "/a'b?'c'",
  ])('%s is that of the URL parser', (url) => {
    expect(targetOf(url)).toEqual(partsOf(new URL(origin + url)));
  });

  test('is always that of the URL parser', () => {
    // Targets with dot segments and backslashes are rejected before.
    const text = fc.string({ unit: fc.constantFrom(...'abZ09/,~!$&*+;=:@%-_?#|^ "\'<>`{}ä') });
    fc.assert(
      fc.property(text, text, fc.boolean(), (path, query, hasQuery) => {
        const url = `/${path}${hasQuery ? `?${query}` : ''}`;
        fc.pre(!/^\/[/\s]/.test(url) && URL.canParse(origin + url));
        expect(targetOf(url)).toEqual(partsOf(new URL(origin + url)));
      }),
      { numRuns: 2_000 },
    );
  });

  test('is parsed once', () => {
    const { target } = request({ url: '/a?b=c' }).request;
    expect(target.searchParams).toBe(target.searchParams);
    const again = request({ url: '/a?b=c' }).request;
    expect(again.target).toBe(again.target);
  });

  test('has the origin of the site, never that of the request', () => {
    const { url } = request({ url: '/a?b', headers: { host: 'evil.example' } }).request;
    expect(url).toBe('https://site.example/a?b');
  });
});

test('the method and the target have defaults', () => {
  const message = Object.assign(new IncomingMessage(new Socket()), { method: undefined, url: undefined });
  const { method, url } = new NodeRequest(message, origin);
  expect([method, url]).toEqual(['GET', 'https://site.example/']);
});

describe('the signal', () => {
  test('is aborted with the request, whether it was read before or not', () => {
    const { request: early } = request({});
    const { signal } = early;
    expect(signal.aborted).toBe(false);
    early.abort();
    expect(signal.aborted).toBe(true);
    expect(early.signal).toBe(signal);

    const { request: late } = request({});
    late.abort();
    expect(late.signal.aborted).toBe(true);
  });
});

describe('the body', () => {
  test.each(['GET', 'HEAD'])('of a %s is not read', async (method) => {
    const { message, request: without } = request({ method });
    message.push('ignored');
    expect(await without.readBody(limits)).toBeUndefined();
    expect(without.body).toBeNull();
  });

  test('of other methods is read as a whole, or as one stream', async () => {
    const { message, request: whole } = request({
      method: 'POST',
      headers: { 'transfer-encoding': 'chunked' },
    });
    message.push('text');
    message.complete = true;
    message.push(null);
    expect(Buffer.from((await whole.readBody(limits)) ?? []).toString()).toBe('text');
    const { request: streamed } = request({ method: 'PUT' });
    expect(streamed.body).toBeInstanceOf(ReadableStream);
    expect(streamed.body).toBe(streamed.body);
  });
});

test('headers are found by name and listed, those with several values as one', () => {
  const headers = new NodeHeaders({ host: 'a', 'set-cookie': ['b', 'c'], accept: undefined });
  expect([
    headers.get('host'),
    headers.get('set-cookie'),
    headers.get('accept'),
    headers.get('none'),
  ]).toEqual(['a', 'b,c', null, null]);
  expect([...headers]).toEqual([
    ['host', 'a'],
    ['set-cookie', 'b,c'],
  ]);
});
