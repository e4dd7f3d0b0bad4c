import { expect, test } from 'vitest';
import { isJsonContentType } from '#server/http/content-type.ts';
import { mediaTypeOf } from '#server/lib/media-type.ts';

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
