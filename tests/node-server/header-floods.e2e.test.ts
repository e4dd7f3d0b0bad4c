import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { sendBytes } from '#tests/http/support/raw-socket.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
let logStart: number;
beforeAll(async () => {
  product = await sharedProduct();
  logStart = product.log().length;
});

const { headerBytes } = limits.nodeServer;
/** As many copies as fit, with room for the other headers of the request. */
const fill = (field: string) =>
  Array.from({ length: (headerBytes - 1_000) / (field.length + 2) }, () => field);
const fillNumbered = (create: (at: number) => string) =>
  Array.from({ length: (headerBytes - 1_000) / (create(9_999).length + 2) }, (_, at) => create(at));
const longText = 'x'.repeat(headerBytes - 1_000);

const fields: Record<string, string[]> = {
  'many headers': fillNumbered((at) => `x-${at}: 1`),
  'the shortest headers': fill('a:'),
  'a long header': [`x-long: ${longText}`],
  'a long request id': [`x-request-id: ${longText}`],
  'a long traceparent': [`traceparent: ${longText}`],
  'a long Accept': [`accept: ${longText}`],
  'many accepted types': [`accept: ${fill('a/b;q=0.1').join(', ').slice(0, longText.length)}`],
  'many languages': [`accept-language: ${fill('de-x').join(', ').slice(0, longText.length)}`],
  'many ETags': [`if-none-match: ${fill('W/"abcdef"').join(', ').slice(0, longText.length)}`],
  'many ranges': [`range: bytes=${fill('0-1').join(',').slice(0, longText.length)}`],
  'many forwarded addresses': [`x-forwarded-for: ${fill('192.0.2.1').join(', ').slice(0, longText.length)}`],
  'a header that is repeated': fill('accept: text/html'),
  'a repeated Content-Type': fill('content-type: application/json'),
  'a repeated Authorization': fill('authorization: Bearer x'),
  'a repeated X-Forwarded-For': fill('x-forwarded-for: 192.0.2.1'),
  'names of object properties': [
    '__proto__: 1',
    'constructor: 1',
    'prototype: 1',
    'toString: 1',
    'hasOwnProperty: 1',
  ],

  'many cookies': [`cookie: ${fillNumbered((at) => `c${at}=1`).join('; ')}`],
  'many Cookie headers': fillNumbered((at) => `cookie: c${at}=1`),
  'the same cookie many times': [`cookie: ${fill('place=1').join('; ')}`],
  'a long cookie': [`cookie: place=${longText}`],
  'a cookie of nested JSON': [`cookie: place=${encodeURIComponent('[').repeat(4_000)}`],
  'malformed cookies': ['cookie: ;=;;a;=b;%=%;%ff=%c0%80;c="; d=\\"\\; place={'],
  'cookies with names of object properties': [
    'cookie: __proto__=1; constructor=2; prototype=3; toString=4; __proto__[x]=5; hasOwnProperty=6',
  ],
};

const paths = [
  '/',
  '/contact',
  '/no/such/page',
  '/rss.xml',
  '/api/trpc/fixture.request',
  '/api/raw/store/files/a',
  '/mcp',
];

const head = (path: string, lines: readonly string[]) =>
  [`GET ${path} HTTP/1.1`, 'host: localhost', 'connection: close', ...lines, '', ''].join('\r\n');

describe.each(Object.entries(fields))('%s', (_, lines) => {
  test('get a response, and no 5xx', async () => {
    for (const path of paths) {
      const { responses, ended } = await sendBytes(product.baseUrl, head(path, lines));
      expect(ended, path).toBe('closed');
      expect(responses, path).toHaveLength(1);
      expect(responses[0]?.status, path).toBeLessThan(500);
    }
  });
});

describe.each([
  ['too many headers', fill('a: b').concat(fill('a: b'))],
  ['a header that is too long', [`x-long: ${longText}${longText}`]],
  ['a cookie of 64 KB', [`cookie: place=${'x'.repeat(64 * 1024)}`]],
  [
    'thousands of cookies',
    [`cookie: ${Array.from({ length: 5_000 }, (_, at) => `cookie${at}=1`).join('; ')}`],
  ],
])('%s', (_, lines) => {
  test.each(paths)('get a 431 at %s', async (path) => {
    const { responses, ended } = await sendBytes(product.baseUrl, head(path, lines));
    expect(ended).toBe('closed');
    expect(responses.map(({ status }) => status)).toEqual([431]);
  });
});

test('no flood is logged as an error', async () => {
  expect((await fetch(`${product.baseUrl}/healthz`)).status).toBe(200);
  const log = product.log().slice(logStart);
  expect(log.match(/^(?:.*"msg":"request failed"|\s*\w*Error: ).*$/gm) ?? []).toEqual([]);
});
