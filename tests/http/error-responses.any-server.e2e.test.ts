import { beforeAll, describe, expect, test } from 'vitest';
import type { ErrorReason } from '#server/errors.ts';
import { expectError, post, rawRequest } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;

beforeAll(async () => {
  product = await sharedProduct();
});

const json = { 'content-type': 'application/json' };
const boundary = { 'content-type': 'multipart/form-data; boundary=b' };
const formBody = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--b--\r\n';
const elevenCalls = Array.from({ length: 11 }, () => 'fixture.request').join(',');

type Row = {
  title: string;
  /** After /api/trpc/ */
  call: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  reason: ErrorReason;
  /** The path in the error response; `call` by default. */
  path?: string | null;
  allow?: string;
};

const rows: Row[] = [
  { title: 'an unknown procedure', call: 'nothing.here', reason: 'not_found' },
  { title: 'an unknown procedure by POST', call: 'a.b', method: 'POST', headers: json, reason: 'not_found' },
  { title: 'the name of an inherited property', call: 'constructor', reason: 'not_found' },
  { title: 'a path that starts with __proto__', call: '__proto__.toString', reason: 'not_found' },
  {
    title: 'GET on a sensitive query',
    call: 'fixture.reading',
    reason: 'method_not_allowed',
    allow: 'POST',
  },
  { title: 'GET on a proxy query', call: 'proxy.endpoints', reason: 'method_not_allowed', allow: 'POST' },
  { title: 'GET on a mutation', call: 'fixture.body', reason: 'method_not_allowed', allow: 'POST' },
  {
    title: 'a sensitive query hidden in a GET batch',
    call: 'fixture.request,fixture.search?batch=1',
    path: 'fixture.request,fixture.search',
    reason: 'method_not_allowed',
    allow: 'POST',
  },
  ...['DELETE', 'PUT', 'PATCH'].flatMap((method): Row[] => [
    {
      title: `${method} on a query`,
      call: 'fixture.request',
      method,
      reason: 'method_not_allowed',
      allow: 'GET, POST',
    },
    {
      title: `${method} on a mutation`,
      call: 'fixture.body',
      method,
      reason: 'method_not_allowed',
      allow: 'POST',
    },
  ]),
  ...['text/plain', 'application/octet-stream', 'application/x-www-form-urlencoded', 'application/jsonp'].map(
    (type): Row => ({
      title: `a body of type ${type}`,
      call: 'fixture.body',
      method: 'POST',
      headers: { 'content-type': type },
      body: '{"json":1}',
      reason: 'unsupported_media_type',
    }),
  ),
  {
    title: 'a multipart form for a procedure that takes JSON only',
    call: 'fixture.body',
    method: 'POST',
    headers: boundary,
    body: formBody,
    reason: 'unsupported_media_type',
  },
  {
    title: 'a multipart form in a batch',
    call: 'email.send,email.send?batch=1',
    path: 'email.send,email.send',
    method: 'POST',
    headers: boundary,
    body: formBody,
    reason: 'unsupported_media_type',
  },
  {
    title: 'a malformed multipart form',
    call: 'email.send',
    method: 'POST',
    headers: boundary,
    body: 'no form at all',
    reason: 'invalid_input',
  },
  ...['{"json":', 'nonsense', '[', '{"json":{}}}'].map(
    (body): Row => ({
      title: `malformed JSON ${body}`,
      call: 'fixture.body',
      method: 'POST',
      headers: json,
      body,
      reason: 'invalid_input',
    }),
  ),
  ...['null', '5', '"text"', '[]', '{"json":1,"meta":{"values":{"a.b":["nonsense"]}}}'].map(
    (body): Row => ({
      title: `JSON that is not in superjson's format: ${body}`,
      call: 'fixture.search',
      method: 'POST',
      headers: json,
      body,
      reason: 'invalid_input',
    }),
  ),
  {
    title: 'a malformed input in the URL',
    call: 'email.status?input=%7B',
    path: 'email.status',
    reason: 'invalid_input',
  },
  {
    title: 'a batch of eleven calls',
    call: `${elevenCalls}?batch=1`,
    path: elevenCalls,
    reason: 'batch_too_large',
  },
  {
    title: 'a query and a mutation in one batch',
    call: 'fixture.body,fixture.request?batch=1',
    path: 'fixture.body,fixture.request',
    method: 'POST',
    headers: json,
    body: '{}',
    reason: 'invalid_input',
  },
  ...['cross-site', 'same-site', 'nonsense'].map(
    (site): Row => ({
      title: `Sec-Fetch-Site: ${site}`,
      call: 'fixture.body',
      method: 'POST',
      headers: { ...json, 'sec-fetch-site': site },
      body: '{"json":1}',
      reason: 'cross_origin',
    }),
  ),
  ...['https://evil.example', 'null', 'http://localhost.evil.example', 'http://localhost'].map(
    (origin): Row => ({
      title: `Origin: ${origin}`,
      call: 'email.send',
      method: 'POST',
      headers: { ...boundary, origin },
      body: formBody,
      reason: 'cross_origin',
    }),
  ),
];

describe('the error response is complete for', () => {
  test.each(rows)('$title', async ({ call, method = 'GET', headers = {}, body, reason, path, allow }) => {
    const response = await rawRequest(product, {
      method,
      path: `/api/trpc/${call}`,
      headers:
        body === undefined ? headers : { ...headers, 'content-length': String(Buffer.byteLength(body)) },
      ...(body === undefined ? {} : { chunks: [body] }),
    });
    await expectError(response, { reason, path: path === undefined ? call : path });
    if (allow) expect(response.headers.get('allow')).toBe(allow);
  });

  test('HEAD, in its headers', async () => {
    const response = await fetch(`${product.baseUrl}/api/trpc/fixture.request`, { method: 'HEAD' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, POST');
    expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{8,}$/);
    expect(await response.text()).toBe('');
  });

  const malformed = ['%E0%A4', 'fixture.request%', '%', 'fixture.%zz'].map((call) => ({ call }));
  test.each(malformed)('a path with a malformed percent sign: $call', async ({ call }) => {
    const response = await rawRequest(product, { method: 'GET', path: `/api/trpc/${call}` });
    await expectError(response, { reason: 'invalid_input' });
  });

  test.each(['/api/trpc', '/api/trpc/fixture/request', '/api/nothing'])(
    'an API path without a handler: %s',
    async (path) => {
      await expectError(await fetch(`${product.baseUrl}${path}`), { reason: 'not_found' });
    },
  );

  test.each(['/rss.xml', '/llms.txt', '/docs/procedures/fixture.body.md'])(
    'POST on the raw route %s',
    async (path) => {
      const response = await fetch(`${product.baseUrl}${path}`, { method: 'POST', body: 'x' });
      await expectError(response, { reason: 'method_not_allowed', path });
      expect(response.headers.get('allow')).toContain('GET');
    },
  );
});

describe('invalid input', () => {
  test('is reported by field', async () => {
    const { data } = await expectError(
      await post(product, 'fixture.reading', { lat: 91, lng: 'x', days: 0.5, units: 'kelvin' }),
      { reason: 'invalid_input', path: 'fixture.reading' },
    );
    expect(Object.keys(data.fieldErrors ?? {}).sort()).toEqual(['days', 'lat', 'lng', 'units']);
  });

  test('gets messages written for the user of the form', async () => {
    const { data } = await expectError(
      await post(product, 'email.send', { email: 'nobody', contents: '  ' }),
      { reason: 'invalid_input' },
    );
    expect(data.fieldErrors).toEqual({
      email: ['Please enter an email address like name@example.org'],
      contents: ['Please enter a message'],
    });
  });

  test.each([
    { title: 'NaN', lat: Number.NaN },
    { title: 'infinity', lat: Number.POSITIVE_INFINITY },
    { title: 'a bigint', lat: 5n },
    { title: 'a Date', lat: new Date(0) },
    { title: 'a numeric string', lat: '52.5' },
    { title: 'a Map', lat: new Map() },
  ])('$title is rejected as a latitude', async ({ lat }) => {
    const { data } = await expectError(await post(product, 'fixture.reading', { lat, lng: 0 }), {
      reason: 'invalid_input',
    });
    expect(Object.keys(data.fieldErrors ?? {})).toEqual(['lat']);
  });

  test('of the wrong type as a whole is reported under "input"', async () => {
    const { data } = await expectError(await post(product, 'fixture.search', 'Berlin'), {
      reason: 'invalid_input',
    });
    expect(Object.keys(data.fieldErrors ?? {})).toEqual(['input']);
  });
});
