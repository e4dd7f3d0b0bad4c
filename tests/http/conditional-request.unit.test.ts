import { describe, expect, test } from 'vitest';
import { conditionalResponse, parseHttpDate } from '#server/http/conditional-request.ts';
import { toResponse } from '#server/http/response.ts';

const lastModified = new Date('2024-11-20T10:00:00.789Z');
const responseTo = (...parts: Parameters<typeof conditionalResponse>) =>
  toResponse(conditionalResponse(...parts));
const lastModifiedText = 'Wed, 20 Nov 2024 10:00:00 GMT';

function respond(
  headers: Record<string, string> = {},
  method = 'GET',
  extra: Record<string, string> = {},
): Response {
  return responseTo(new Request('http://localhost/text', { method, headers }), {
    body: 'Grüezi 😀',
    contentType: 'text/plain; charset=utf-8',
    lastModified,
    cacheControl: 'public, max-age=60',
    headers: extra,
  });
}

const etag = respond().headers.get('etag') ?? '';

test('a first response carries the body and every header needed to revalidate it', async () => {
  const response = respond();
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toEqual({
    'cache-control': 'public, max-age=60',
    'content-length': '12',
    'content-type': 'text/plain; charset=utf-8',
    etag: expect.stringMatching(/^W\/"[\w-]+"$/),
    'last-modified': lastModifiedText,
    vary: 'accept-encoding',
    'x-content-type-options': 'nosniff',
  });
  expect(await response.text()).toBe('Grüezi 😀');
});

test('different bodies have different ETags', () => {
  const other = responseTo(new Request('http://localhost/text'), {
    body: 'Something else',
    contentType: 'text/plain',
    lastModified,
    cacheControl: 'no-cache',
  });
  expect(other.headers.get('etag')).not.toBe(etag);
});

const strong = etag.replace('W/', '');
const after = 'Wed, 20 Nov 2024 10:00:01 GMT';
const before = 'Wed, 20 Nov 2024 09:59:59 GMT';

describe.each(['GET', 'HEAD'])('%s', (method) => {
  test.each<[string, Record<string, string>, number]>([
    ['the current ETag', { 'if-none-match': etag }, 304],
    ['the current ETag in strong form', { 'if-none-match': strong }, 304],
    ['a different ETag', { 'if-none-match': 'W/"other"' }, 200],
    ['a list that contains the ETag', { 'if-none-match': `"a", W/"b,c" ,${etag}, "d"` }, 304],
    ['a list without spaces that contains the ETag', { 'if-none-match': `"a",${etag}` }, 304],
    ['a list that lacks the ETag', { 'if-none-match': '"a", W/"b"' }, 200],
    ['*', { 'if-none-match': '*' }, 304],
    ['* inside quotes', { 'if-none-match': '"*"' }, 200],
    ['an ETag without quotes', { 'if-none-match': strong.replaceAll('"', '') }, 200],
    ['part of the ETag', { 'if-none-match': `${etag.slice(0, -2)}"` }, 200],
    ['an empty If-None-Match', { 'if-none-match': '' }, 200],
    ['the date of last modification', { 'if-modified-since': lastModifiedText }, 304],
    ['a later date', { 'if-modified-since': after }, 304],
    ['an earlier date', { 'if-modified-since': before }, 200],
    ['the date in RFC 850 form', { 'if-modified-since': 'Wednesday, 20-Nov-24 10:00:00 GMT' }, 304],
    ['the date in asctime form', { 'if-modified-since': 'Wed Nov 20 10:00:00 2024' }, 304],
    ['an earlier date in asctime form', { 'if-modified-since': 'Wed Nov 20 09:59:59 2024' }, 200],
    ['text that is not a date', { 'if-modified-since': 'yesterday' }, 200],
    ['a number', { 'if-modified-since': '2030' }, 200],
    ['an ISO date', { 'if-modified-since': '2030-01-01T00:00:00Z' }, 200],
    ['a day that does not exist', { 'if-modified-since': 'Mon, 31 Feb 2028 10:00:00 GMT' }, 200],
    [
      'a different ETag, which takes precedence over the date',
      { 'if-none-match': '"other"', 'if-modified-since': after },
      200,
    ],
    [
      'the current ETag, which takes precedence over the date',
      { 'if-none-match': etag, 'if-modified-since': before },
      304,
    ],
    [
      'a malformed ETag, which still takes precedence over the date',
      { 'if-none-match': '?', 'if-modified-since': after },
      200,
    ],
  ])('with %s', async (_, headers, status) => {
    const response = respond(headers, method);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(status === 200 && method === 'GET' ? 'Grüezi 😀' : '');
  });
});

test('HEAD has the same headers as GET', () => {
  expect(Object.fromEntries(respond({}, 'HEAD').headers)).toEqual(Object.fromEntries(respond().headers));
});

test('a 304 repeats the headers that caches need and omits those that describe the body', () => {
  const response = respond({ 'if-none-match': etag }, 'GET', {
    'x-robots-tag': 'noindex',
    'content-language': 'en',
  });
  expect(response.body).toBeNull();
  expect(Object.fromEntries(response.headers)).toEqual({
    'cache-control': 'public, max-age=60',
    etag,
    'last-modified': lastModifiedText,
    vary: 'accept-encoding',
    'x-content-type-options': 'nosniff',
    'x-robots-tag': 'noindex',
  });
});

test('methods other than GET and HEAD never get a 304', () => {
  expect(respond({ 'if-none-match': etag }, 'POST').status).toBe(200);
  expect(respond({ 'if-modified-since': after }, 'POST').status).toBe(200);
});

test("keeps a route's own Vary", () => {
  expect(respond({}, 'GET', { vary: 'Origin' }).headers.get('vary')).toBe('Origin, accept-encoding');
  expect(respond({}, 'GET', { vary: 'Accept-Encoding' }).headers.get('vary')).toBe('Accept-Encoding');
});

test('a body without a date has no Last-Modified and gets no 304 for If-Modified-Since', () => {
  const response = responseTo(new Request('http://localhost/', { headers: { 'if-modified-since': after } }), {
    body: '',
    contentType: 'text/plain',
    lastModified: null,
    cacheControl: 'no-cache',
  });
  expect(response.status).toBe(200);
  expect(response.headers.has('last-modified')).toBe(false);
});

test('Last-Modified is never in the future', () => {
  const response = responseTo(new Request('http://localhost/'), {
    body: '',
    contentType: 'text/plain',
    lastModified: new Date('9000-01-01T00:00:00Z'),
    cacheControl: 'no-cache',
  });
  expect(Date.parse(response.headers.get('last-modified') ?? '')).toBeLessThanOrEqual(Date.now());
});

test('an asctime date is read as GMT in any server time zone', () => {
  expect(parseHttpDate('Sun Nov  6 08:49:37 1994')).toEqual(new Date('1994-11-06T08:49:37Z'));
});

test('Last-Modified in the past stays, in whole seconds', () => {
  expect(respond().headers.get('last-modified')).toBe(lastModifiedText);
});

test('a body of bytes has the same ETag and length as its text', () => {
  const bytes = responseTo(new Request('http://localhost/text'), {
    body: new TextEncoder().encode('Grüezi 😀'),
    contentType: 'text/plain; charset=utf-8',
    lastModified,
    cacheControl: 'public, max-age=60',
  });
  expect(Object.fromEntries(bytes.headers)).toEqual(Object.fromEntries(respond().headers));
});

test('the ETag and the length of a text are the same each time', () => {
  expect(Object.fromEntries(respond().headers)).toEqual(Object.fromEntries(respond().headers));
});

test("a route's own headers do not replace those that describe the document", () => {
  const { headers } = respond({}, 'GET', { etag: '"own"', 'cache-control': 'no-store', 'x-own': 'kept' });
  expect(headers.get('etag')).toBe(etag);
  expect(headers.get('cache-control')).toBe('public, max-age=60');
  expect(headers.get('x-own')).toBe('kept');
});

test.each([
  ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37Z'],
  ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z'],
])('the HTTP date %s is %s', (text, date) => {
  expect(parseHttpDate(text)).toEqual(new Date(date));
});

test.each([
  '',
  'Sun, 6 Nov 1994 08:49:37 GMT',
  'Sun, 06 Nov 1994 08:49:37 +0100',
  '1994',
  'Sun Nov 6 08:49:37 1994',
  'Sunday, 99-Nov-94 08:49:37 GMT',
  'Invalid Date',
])('%j is no HTTP date', (text) => {
  expect(parseHttpDate(text)).toBeNull();
});
