import { expect, test } from 'vitest';
import { attachmentNamed } from '#server/http/content-disposition.ts';

test.each([
  ['a.bin', 'attachment; filename="a.bin"'],
  ['my file (1).pdf', 'attachment; filename="my file (1).pdf"'],
  ["it's.txt", 'attachment; filename="it\'s.txt"'],
  ['résumé.bin', `attachment; filename="r_sum_.bin"; filename*=UTF-8''r%C3%A9sum%C3%A9.bin`],
  ['日本語.txt', `attachment; filename="___.txt"; filename*=UTF-8''%E6%97%A5%E6%9C%AC%E8%AA%9E.txt`],
  ['🌦.png', `attachment; filename="_.png"; filename*=UTF-8''%F0%9F%8C%A6.png`],
  ['100%.txt', `attachment; filename="100_.txt"; filename*=UTF-8''100%25.txt`],
  ['say "hi".txt', `attachment; filename="say _hi_.txt"; filename*=UTF-8''say%20%22hi%22.txt`],
  ["é'()*.txt", `attachment; filename="_'()*.txt"; filename*=UTF-8''%C3%A9%27%28%29%2A.txt`],
])('the file name %s', (name, expected) => {
  expect(attachmentNamed(name)).toBe(expected);
});

test.each(['a/b', 'a\\b', 'a\r\nb', 'a\u0000b', 'a\u2028b'])('%j becomes one plain name', (name) => {
  expect(attachmentNamed(name)).toMatch(/^attachment; filename="a_{1,2}b"$/);
});

test('characters that hide the extension of a file are replaced', () => {
  expect(attachmentNamed('photo\u202egpj.exe')).toBe('attachment; filename="photo_gpj.exe"');
});

test('a long name keeps its extension and whole characters', () => {
  const header = attachmentNamed(`${'🌦'.repeat(300)}.png`);
  expect(header).toMatch(/filename="_{196}\.png"/);
  expect(header).toContain(`${encodeURIComponent('🌦'.repeat(196))}.png`);
});

test('a lone surrogate does not fail', () => {
  expect(attachmentNamed('a\ud800.txt')).toContain('filename="a_.txt"');
});
