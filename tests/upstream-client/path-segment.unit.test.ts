import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { isAppError } from '#server/errors.ts';
import { isPlainPath, parsePath } from '#server/upstream-client/path-segment.ts';

function reasonOf(path: string): string {
  try {
    return parsePath(path).join(' ');
  } catch (error) {
    return isAppError(error) ? error.reason : 'another error';
  }
}

describe('parsePath', () => {
  test.each([
    ['/files/a.txt', 'files a.txt'],
    ['/files/%41%2e%62', 'files A.b'],
    ['/files/Z%C3%BCrich', 'files Zürich'],
    ['/files/a@b:c', 'files a@b:c'],
    ['/files/100%25', 'files 100%'],
    ['/files/100%2525', 'files 100%25'],
    ['/files/...', 'files ...'],
    ['/files/.hidden', 'files .hidden'],
    ['/files/a%20b%3F%23', 'files a b?#'],
    ["/files/~!$&'()*+,=", "files ~!$&'()*+,="],
    ['files/a', 'files a'],
    ['/files/%F0%9F%8C%A6', 'files 🌦'],
    [`/files/${'x'.repeat(limits.upstream.path.segmentLength)}`, `files ${'x'.repeat(255)}`],
  ])('splits %s into %j', (path, segments) => {
    expect(reasonOf(path)).toBe(segments);
  });

  test.each([
    '/a/./b',
    '/a/../b',
    '/a/%2e/b',
    '/a/%2e%2e/b',
    '/a/.%2E/b',
    '/a/%252e%252e/b',
    '/a/%25252e%25252e/b',
    '/a/%c0%ae%c0%ae/b',
    '/a/%25c0%25ae/b',
    '/a/%ef%bc%8e%ef%bc%8e/b',
    '/a/%ef%bc%8f',
    '/a/b%2fc',
    '/a/b%252Fc',
    '/a/b%5cc',
    '/a\\b',
    '/a/b;c',
    '/a/b%3bc',
    '/a/%00',
    '/a/%0d%0ahost:%20evil',
    '/a/%7f',
    '/a/%c2%85',
    '/a//b',
    '//evil.example/x',
    '/a/',
    '/',
    '',
    '/a/b#c',
    '/a b',
    '/a?b',
    '/http://evil.example/',
    'http://evil.example/x',
    'https:evil.example/\\x',
    '/http:%2f%2fevil.example',
    '///evil.example/x',
    '/\\evil.example/x',
    '/user:pass@evil.example/../x',
    '/a//',
    '/a/b/',
    '/a/%20/../b',
    '/a/..;/b',
    '/a/%2e%2e%3b/b',
    '/a/.%252e/b',
    '/a/%2525252e',
    '/a/%25%32%65%25%32%65/b',
    '/a/%e2%80%a4%e2%80%a4/b',
    '/a/%e2%80%a5/b',
    '/a/%ef%b9%92/b',
    '/a/%ef%bc%bc',
    '/a/%ef%b9%a8',
    '/a/%e2%84%80',
    '/a/%ef%bc%9b',
    '/a/%c0%af',
    '/a/%e0%80%af',
    '/a/%f0%80%80%af',
    '/a/%c1%9c',
    '/a/%25c0%25af',
    '/a/b%252f..%252fc',
    '/a/b%255cc',
    '/a/b%25255cc',
    '/a/b%253bc',
    '/a/%2500',
    '/a/%01',
    '/a/%09',
    '/a/%1f',
    '/a/%c2%80',
    '/a/%250a',
    '/a/\u0000',
    '/a/\r\nhost: evil',
    '/a/\ud800',
    '/a/%f4%90%80%80',
    '/a/%ed%bf%bf',
    '/a/%25ff',
    '/a/%%41',
    '/a/%2',
    '/a/%-1',
    '/a/"b"',
    '/a/<b>',
    '/a/b|c',
    '/a/b^c',
    '/a/`b`',
    '/a/%',
    '/a/%4',
    '/a/%zz',
    '/a/%ff',
    '/a/%ed%a0%80',
    `/a/${'x'.repeat(256)}`,
    `/a/${'%41'.repeat(256)}`,
    '/a/é',
    '/a/[b]',
    '/a/{b}',
    `/a/${'ä'.repeat(128)}`,
    `/a/${'%c3%a4'.repeat(128)}`,
  ])('rejects %j with invalid_input', (path) => {
    expect(reasonOf(path)).toBe('invalid_input');
  });

  test('rejects a path that is too long with uri_too_long, regardless of its content', () => {
    const { pathLength } = limits.upstream.path;
    expect(reasonOf('/a'.repeat(pathLength / 2)).split(' ')).toHaveLength(pathLength / 2);
    expect(reasonOf('/a'.repeat(pathLength / 2).concat('b'))).toBe('uri_too_long');
    expect(reasonOf('/..'.repeat(pathLength))).toBe('uri_too_long');
    expect(reasonOf('%'.repeat(pathLength + 1))).toBe('uri_too_long');
  });
});

describe('isPlainPath', () => {
  const { pathLength } = limits.upstream.path;
  const longest = '/a'.repeat(pathLength / 2);

  test.each([
    ['/a', true],
    ['/a/b/', true],
    ['/', true],
    ['', true],
    ['/a//', false],
    ['//', false],
    ['/a/../b', false],
    ['/..', false],
    ['/%2e%2e/', false],
    [longest, true],
    [`${longest}b`, false],
  ])('of %j is %j', (path, plain) => {
    expect(isPlainPath(path)).toBe(plain);
  });
});
