import { describe, expect, test } from 'vitest';
import { AppError } from '#server/errors.ts';
import { fillTemplate } from '#server/upstream-client/path-template.ts';
import { respondWith, startRawServer } from './raw-server.ts';
import { clientOf, upstreamAt } from './support.ts';

const template = '/things/{id}/parts/{part}';

test.each([
  ['plain', 'plain'],
  ['...', '...'],
  ['100%', '100%25'],
  ['user@host:80', 'user%40host%3A80'],
  ['.hidden', '.hidden'],
  ['?q=1', '%3Fq%3D1'],
  ['#x', '%23x'],
  ['a b', 'a%20b'],
  ['Zürich', 'Z%C3%BCrich'],
  ['東京', '%E6%9D%B1%E4%BA%AC'],
  ['🌦', '%F0%9F%8C%A6'],
  ['$&', '%24%26'],
  ['{part}', '%7Bpart%7D'],
])('%j is encoded as one segment, %j', (value, encoded) => {
  expect(fillTemplate(template, { id: value, part: 'p' })).toBe(`/things/${encoded}/parts/p`);
});

describe('a value that could change the path is rejected:', () => {
  test.each([
    '',
    '.',
    '..',
    'a/b',
    '../../etc/passwd',
    'a\\b',
    '%2e',
    '%2e%2e',
    '%252E%252e',
    '.%2e',
    '%2f',
    '%5C',
    'a%00b',
    '%c0%ae%c0%ae',
    'a;b',
    'a\r\nhost: evil',
    'a\u0000',
    'a\u0085b',
    '\uff0e\uff0e',
    'a\uff0fb',
    'http://evil.example/',
    '%25252525252e',
    'x'.repeat(256),
    'ä'.repeat(128),
  ])('%j', (value) => {
    expect(rejectionOf({ id: 'x', part: value })).toMatchObject({
      reason: 'invalid_input',
      fieldErrors: { 'params.part': [expect.any(String)] },
    });
  });

  test('a missing value', () => {
    expect(rejectionOf({ id: 'x' })).toMatchObject({
      reason: 'invalid_input',
      fieldErrors: { 'params.part': [expect.any(String)] },
    });
  });

  test('a lone surrogate, which has no encoding', () => {
    expect(rejectionOf({ id: 'x', part: 'a\ud800' })).toBeInstanceOf(AppError);
    expect(rejectionOf({ id: 'x', part: 'a\ud800' })).toMatchObject({ reason: 'invalid_input' });
  });
});

test('the path arrives exactly as it was built, without normalisation', async () => {
  const { url, heads } = await startRawServer(
    respondWith('200 OK', { 'content-type': 'application/json' }, '{"ok":true}'),
  );
  const upstream = upstreamAt(`${url}/prefix`);
  const client = clientOf();
  for (const id of ['100%', 'a?b#c', '...', 'user@host']) {
    await client.request(upstream, upstream.endpoints.thing, {
      params: { id, part: 'é' },
      query: { q: 'a&b=c#d é', n: 0 },
    });
  }
  const query = 'q=a%26b%3Dc%23d+%C3%A9&n=0';
  expect(heads.map((head) => head.split('\r\n', 1)[0])).toEqual([
    `GET /prefix/things/100%25/parts/%C3%A9?${query} HTTP/1.1`,
    `GET /prefix/things/a%3Fb%23c/parts/%C3%A9?${query} HTTP/1.1`,
    `GET /prefix/things/.../parts/%C3%A9?${query} HTTP/1.1`,
    `GET /prefix/things/user%40host/parts/%C3%A9?${query} HTTP/1.1`,
  ]);
});

test('a query without defined values adds no question mark', async () => {
  const { url, heads } = await startRawServer(
    respondWith('200 OK', { 'content-type': 'application/json' }, '{"ok":true}'),
  );
  const upstream = upstreamAt(url);
  const client = clientOf();
  const params = { id: '1', part: '2' };
  await client.request(upstream, upstream.endpoints.thing, { params });
  await client.request(upstream, upstream.endpoints.thing, { params, query: {} });
  await client.request(upstream, upstream.endpoints.thing, { params, query: { q: undefined } });
  expect(new Set(heads.map((head) => head.split('\r\n', 1)[0]))).toEqual(
    new Set(['GET /things/1/parts/2 HTTP/1.1']),
  );
  expect(heads).toHaveLength(3);
});

function rejectionOf(params: Record<string, string>): unknown {
  try {
    return fillTemplate(template, params);
  } catch (error) {
    return error;
  }
}
