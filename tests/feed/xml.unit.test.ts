import { expect, test } from 'vitest';
import { element, escapeAttribute, escapeText, serializeXml, stripForbidden } from '#server/lib/xml.ts';

test.each([
  ['NUL and other control characters', 'a\u0000b\u0008c\u000bd\u000ce\u001bf', 'abcdef'],
  ['a lone high surrogate', 'a\ud83db', 'ab'],
  ['a lone low surrogate', 'a\ude00b', 'ab'],
  ['surrogates in the wrong order', '\ude00\ud83d', ''],
  ['U+FFFE and U+FFFF', 'a\ufffeb\uffffc', 'abc'],
])('%s is dropped because XML forbids it', (_, text, expected) => {
  expect(stripForbidden(text)).toBe(expected);
});

test.each([
  'tab\tand\nline feed',
  'delete \u007f and C1 \u0085',
  '\ufffd',
  '😀 👨‍👩‍👧',
  '\u202eright to left\u202c',
  '\u{10ffff}',
])('characters that XML allows are kept: %j', (text) => {
  expect(stripForbidden(text)).toBe(text);
});

test('text cannot open a tag, end a CDATA section or start a reference', () => {
  expect(escapeText('<a> & ]]> &amp;')).toBe('&lt;a&gt; &amp; ]]&gt; &amp;amp;');
});

test('an attribute escapes quotes and white space', () => {
  expect(escapeAttribute('"a"\t<b>\n\r')).toBe('&quot;a&quot;&#9;&lt;b&gt;&#10;&#13;');
});

test('elements within elements are indented more, and text with elements is not indented at all', () => {
  const inner = element(
    'b',
    {},
    element('c', {}, 'one ', element('d', {}), ' two', element('e', {}, element('f', {}))),
  );
  expect(serializeXml(element('a', {}, inner))).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<a>\n  <b>\n    <c>one <d/> two<e>\n        <f/>\n      </e></c>\n  </b>\n</a>\n',
  );
});

test('elements are indented, text is unchanged, null is omitted', () => {
  const document = element('a', { b: '1' }, element('c', {}, ' text '), null, element('d', {}));
  expect(serializeXml(document)).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<a b="1">\n  <c> text </c>\n  <d/>\n</a>\n',
  );
});
