import { expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { isPlainSegment } from '#server/upstream-client/path-segment.ts';

test.each([
  ['a', true],
  ['...', true],
  ['.a', true],
  ['100%', true],
  ['100%25', true],
  ['a%2525', true],
  ['a%252525', false],
  ['a b?#[]', true],
  ['a\u009fb', false],
  ['a\u007fb', false],
  ['a\u001fb', false],
  ['x'.repeat(limits.upstream.path.segmentLength), true],
  ['x'.repeat(limits.upstream.path.segmentLength + 1), false],
  ['ä'.repeat(limits.upstream.path.segmentLength / 2 + 1), false],
  ['', false],
  ['.', false],
  ['..', false],
  ['%2e', false],
  ['%252e', false],
  ['%25252e', false],
  ['%2525252e', false],
  ['a%2fb', false],
  ['a%25252fb', false],
  ['a%5Cb', false],
  ['a%3Bb', false],
  ['a%00', false],
  ['%ff', false],
  ['\u2025', false],
  ['\uff0f', false],
  ['\uff3c', false],
  ['%ef%bc%8f', false],
  ['\u037e', false],
  ['\ud800', false],
  ['\udc00\ud800', false],
  ['a\u0085', false],
])('isPlainSegment(%j) is %j', (segment, plain) => {
  expect(isPlainSegment(segment)).toBe(plain);
});
