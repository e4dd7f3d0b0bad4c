import { describe, expect, test } from 'vitest';
import { AppError } from '#server/errors.ts';
import { fillTemplate } from '#server/upstream/path-template.ts';
import { answering, startRawServer } from './raw-server.ts';
import { clientOf, upstreamAt } from './support.ts';

const template = '/things/{id}/parts/{part}';

test.each([
  ['plain', 'plain'],
  ['a/b', 'a%2Fb'],
  ['../../etc/passwd', '..%2F..%2Fetc%2Fpasswd'],
  ['a\\b', 'a%5Cb'],
  ['%2e', '%252e'],
  ['%2e%2e', '%252e%252e'],
  ['%2f', '%252f'],
  ['...', '...'],
  ['.hidden', '.hidden'],
  ['?q=1', '%3Fq%3D1'],
  ['#x', '%23x'],
  ['a;b', 'a%3Bb'],
  ['a b', 'a%20b'],
  ['a\r\nhost: evil', 'a%0D%0Ahost%3A%20evil'],
  ['Zürich', 'Z%C3%BCrich'],
  ['東京', '%E6%9D%B1%E4%BA%AC'],
  ['🌦', '%F0%9F%8C%A6'],
  ['$&', '%24%26'],
  ['{part}', '%7Bpart%7D'],
  ['http://evil.example/', 'http%3A%2F%2Fevil.example%2F'],
])('%j is one segment, %j', (value, encoded) => {
  expect(fillTemplate(template, { id: value, part: 'p' })).toBe(`/things/${encoded}/parts/p`);
});

describe('what could change the path is refused', () => {
  test.each(['', '.', '..'])('%j', (value) => {
    expect(refusalOf({ id: 'x', part: value })).toMatchObject({
      reason: 'invalid_input',
      fieldErrors: { 'params.part': [expect.any(String)] },
    });
  });

  test('a segment that is not given', () => {
    expect(refusalOf({ id: 'x' })).toMatchObject({
      reason: 'invalid_input',
      fieldErrors: { 'params.part': [expect.any(String)] },
    });
  });

  test('half of a surrogate pair, which has no encoding', () => {
    expect(refusalOf({ id: 'x', part: 'a\ud800' })).toBeInstanceOf(AppError);
    expect(refusalOf({ id: 'x', part: 'a\ud800' })).toMatchObject({ reason: 'invalid_input' });
  });
});

test('what arrives is the path that was built: nothing on the way normalises it', async () => {
  const { url, heads } = await startRawServer(
    answering('200 OK', { 'content-type': 'application/json' }, '{"ok":true}'),
  );
  const upstream = upstreamAt(`${url}/prefix`);
  const client = clientOf();
  for (const id of ['%2e%2e', 'a/b', '...', 'http://evil.example/']) {
    await client.request(upstream, upstream.endpoints.thing, {
      params: { id, part: 'é' },
      query: { q: 'a&b=c#d é', n: 0 },
    });
  }
  const query = 'q=a%26b%3Dc%23d+%C3%A9&n=0';
  expect(heads.map((head) => head.split('\r\n', 1)[0])).toEqual([
    `GET /prefix/things/%252e%252e/parts/%C3%A9?${query} HTTP/1.1`,
    `GET /prefix/things/a%2Fb/parts/%C3%A9?${query} HTTP/1.1`,
    `GET /prefix/things/.../parts/%C3%A9?${query} HTTP/1.1`,
    `GET /prefix/things/http%3A%2F%2Fevil.example%2F/parts/%C3%A9?${query} HTTP/1.1`,
  ]);
});

test('a query without values, and values that are not given, leave no question mark', async () => {
  const { url, heads } = await startRawServer(
    answering('200 OK', { 'content-type': 'application/json' }, '{"ok":true}'),
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

function refusalOf(params: Record<string, string>): unknown {
  try {
    return fillTemplate(template, params);
  } catch (error) {
    return error;
  }
}
