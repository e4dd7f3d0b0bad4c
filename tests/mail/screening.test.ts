import { describe, expect, test } from 'vitest';
import { hasManyLinks, isFilledByBot, senderKeyOf } from '#server/mail/screening.ts';

describe('a form', () => {
  const now = 1_000_000;
  test.each([
    [{}, false],
    [{ website: '' }, false],
    [{ website: ' ' }, false],
    [{ website: 'https://spam.example' }, true],
    [{ shownAt: now - 10_000 }, false],
    [{ shownAt: now - 1_000 }, true],
    [{ shownAt: now }, true],
    [{ shownAt: now + 5_000 }, false],
    [{ shownAt: now - 10_000, website: 'x' }, true],
  ])('%j is filled in by a bot: %s', (signals, expected) => {
    expect(isFilledByBot(signals, now)).toBe(expected);
  });
});

test.each([
  ['no link at all', false],
  ['http://a.example https://b.example www.c.example', false],
  ['http://a http://b HTTPS://c www.d', true],
  ['see (http://a),http://b;http://c\nhttp://d', true],
])('%j contains too many links: %s', (contents, expected) => {
  expect(hasManyLinks(contents)).toBe(expected);
});

test('a sender key ignores case and does not reveal the address', () => {
  expect(senderKeyOf('Ada@Example.org')).toBe(senderKeyOf('ada@example.org'));
  expect(senderKeyOf('ada@example.org')).not.toContain('ada');
});
