import { expect, test } from 'vitest';
import { tagUri, uriOf } from '#server/feed/ids.ts';

const day = new Date('2026-11-02T23:00:00Z');

test.each([
  ['https://example.org/posts/a', 'tag:example.org,2026-11-02:/posts/a'],
  ['http://localhost:3000/base/posts/a', 'tag:localhost,2026-11-02:/base/posts/a'],
  ['https://bücher.example/posts/a', 'tag:xn--bcher-kva.example,2026-11-02:/posts/a'],
  ['http://[::1]:3000/posts/a', 'tag:1,2026-11-02:/posts/a'],
])('the tag URI of %s is %s', (url, tag) => {
  expect(tagUri(url, day)).toBe(tag);
});

test.each(['tag:example.org,2026:a', 'urn:uuid:1', 'https://example.org/?a=1#b', 'x:%C3%A9'])(
  '%s is a URI and stays unchanged',
  (id) => {
    expect(uriOf(id, 'https://example.org/')).toBe(id);
  },
);

test.each(['1', 'a b', 'https://example.org/a b', 'x:%', 'x:', 'é:y', ''])('%j becomes a URI', (id) => {
  expect(uriOf(id, 'https://example.org/')).toMatch(/^urn:uuid:[\da-f-]{36}$/);
  expect(uriOf(id, 'https://example.org/')).not.toBe(uriOf(id, 'https://example.com/'));
});
