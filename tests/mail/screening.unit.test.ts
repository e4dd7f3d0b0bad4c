import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { hasManyLinks, senderKeyOf, suspicionOf } from '#server/mail/screening.ts';

describe('a form', () => {
  const now = 1_000_000;
  test.each([
    [{}, undefined],
    [{ leaveEmpty: '' }, undefined],
    [{ leaveEmpty: ' ' }, undefined],
    [{ leaveEmpty: 'https://spam.example' }, 'hidden_field'],
    [{ shownAt: now - 10_000 }, undefined],
    [{ shownAt: now - 1_000 }, 'filled_too_fast'],
    [{ shownAt: now - limits.mail.minimumFillTime }, undefined],
    [{ shownAt: now - limits.mail.minimumFillTime + 1 }, 'filled_too_fast'],
    [{ shownAt: now }, 'filled_too_fast'],
    [{ shownAt: now + 1 }, undefined],
    [{ shownAt: now + 5_000 }, undefined],
    [{ shownAt: now - 10_000, leaveEmpty: 'x' }, 'hidden_field'],
  ])('%j is suspected: %s', (signals, expected) => {
    expect(suspicionOf(signals, now)).toBe(expected);
  });
});

test.each([
  ['no link at all', false],
  ['http://a.example https://b.example www.c.example', false],
  ['http://a http://b HTTPS://c www.d', true],
  ['see (http://a),http://b;http://c\nhttp://d', true],
  ['xhttp://a xhttp://b xwww.c xwww.d', false],
])('%j contains too many links: %s', (contents, expected) => {
  expect(hasManyLinks(contents)).toBe(expected);
});

test('a sender key ignores case and does not reveal the address', () => {
  expect(senderKeyOf('Ada@Example.org')).toBe(senderKeyOf('ada@example.org'));
  expect(senderKeyOf('ada@example.org')).not.toContain('ada');
});
