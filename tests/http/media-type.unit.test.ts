import { expect, test } from 'vitest';
import { checkContentEncoding } from '#server/http/content-encoding.ts';
import { isJsonContentType, requireJson } from '#server/http/content-type.ts';
import { acceptsMediaType, anyMediaType, mediaTypeOf } from '#server/lib/media-type.ts';

test.each([
  ['text/html', 'text/html'],
  ['Text/HTML; charset=utf-8', 'text/html'],
  ['multipart/form-data ;boundary=x', 'multipart/form-data'],
  ['', ''],
  [null, ''],
  [undefined, ''],
])('the media type of %j is %j', (header, mediaType) => {
  expect(mediaTypeOf(header)).toBe(mediaType);
});

test.each([
  'application/json',
  'APPLICATION/JSON',
  'application/json; charset=utf-8',
  'application/json;charset="UTF-8"',
  'application/json;',
  'application/json; charset=utf8',
  'application/json; odata=verbose',
])('%s is JSON', (header) => {
  expect(isJsonContentType(header)).toBe(true);
});

test.each([
  null,
  '',
  'text/plain',
  'application/json5',
  'application/json, text/plain',
  'application/jsonl',
  'text/plain; application/json',
])('%s is not JSON', (header) => {
  expect(isJsonContentType(header)).toBe(false);
});

test.each([
  [['text/csv', 'image/png'], 'image/png', true],
  [['text/csv', 'image/png'], 'image/gif', false],
  [['text/csv'], '', false],
  [['text/csv', anyMediaType], 'image/png', true],
  [[anyMediaType], 'application/vnd.api+json', true],
  [[anyMediaType], '', true],
  [[anyMediaType], 'image', false],
  [[anyMediaType], 'image/png/x', false],
  [[anyMediaType], 'image/ png', false],
  [[anyMediaType], '<image>/png', false],
])('%j accepts %j: %s', (accepted, mediaType, expected) => {
  expect(acceptsMediaType(accepted, mediaType)).toBe(expected);
});

test.each(['text/plain', null])('a body of the type %j is not accepted where JSON is required', (type) => {
  const request = new Request('http://localhost/', {
    headers: type === null ? {} : { 'content-type': type },
  });
  expect(() => requireJson(request)).toThrow(
    expect.objectContaining({ reason: 'unsupported_media_type', message: 'Send application/json.' }),
  );
});

test('a body of JSON is accepted where JSON is required', () => {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  expect(() => requireJson(new Request('http://localhost/', { headers }))).not.toThrow();
});

test.each([null, 'identity', 'Identity'])('a body with Content-Encoding %j is accepted', (encoding) => {
  const headers = new Headers(encoding === null ? {} : { 'content-encoding': encoding });
  expect(() => checkContentEncoding(new Request('http://localhost/', { headers }))).not.toThrow();
});

test.each(['gzip', 'br', 'identity, gzip'])('a body with Content-Encoding %j is rejected', (encoding) => {
  const request = new Request('http://localhost/', { headers: { 'content-encoding': encoding } });
  expect(() => checkContentEncoding(request)).toThrow(
    expect.objectContaining({
      reason: 'unsupported_media_type',
      message: 'Send the body without Content-Encoding.',
    }),
  );
});
