import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';
import {
  amount,
  authorList,
  languageTag,
  listOf,
  mediaType,
  optionalId,
  optionalText,
  optionalTimestamp,
  optionalUrl,
  textList,
  webUrl,
} from '#server/feed/fields.ts';
import { shorten } from '#server/feed/shorten.ts';

const base = 'https://source.example/feed/index.json';
const { htmlLength, listLength } = limits.feed;
const longest = 'x'.repeat(htmlLength);

describe('a field of another feed is read or left out:', () => {
  test.each<[string, z.ZodType, unknown, unknown]>([
    ['a text', optionalText, ' a b ', 'a b'],
    ['a text of the greatest length', optionalText, longest, longest],
    ['a text that is too long', optionalText, `${longest}x`, undefined],
    ['an empty text', optionalText, ' ', undefined],
    ['a number as text', optionalText, 1, undefined],
    ['a missing text', optionalText, undefined, undefined],
    ['a language', languageTag, 'de-CH-1996', 'de-CH-1996'],
    ['a language in upper case', languageTag, 'EN', 'EN'],
    ['a language of one letter', languageTag, 'e', undefined],
    ['a sentence as language', languageTag, 'in English', undefined],
    ['a list of texts', textList, ['a', ' b ', 1, '', null], ['a', 'b']],
    ['a text as list', textList, 'a', []],
    ['a missing list', textList, undefined, []],
    ['an address', optionalUrl(base), ' https://a.example/x ', 'https://a.example/x'],
    ['a relative address', optionalUrl(base), 'a b.png', 'https://source.example/feed/a%20b.png'],
    ['an address without encryption', optionalUrl(base), 'http://a.example/', 'http://a.example/'],
    ['a script as address', optionalUrl(base), 'javascript:alert(1)', undefined],
    ['a file as address', optionalUrl(base), 'file:///etc/passwd', undefined],
    ['an invalid address', optionalUrl(base), 'https://[', undefined],
    ['an amount', amount, 0, 0],
    ['an amount as text', amount, '12', 12],
    ['an amount with a fraction', amount, 1.5, 1.5],
    ['a negative amount', amount, -1, undefined],
    ['a word as amount', amount, 'long', undefined],
    ['an amount with a unit', amount, '12 s', undefined],
    ['a media type', mediaType, 'Audio/MPEG; codecs=x', 'audio/mpeg'],
    ['a word as media type', mediaType, 'mp3', 'application/octet-stream'],
    ['a missing media type', mediaType, undefined, 'application/octet-stream'],
    ['an id', optionalId, ' a ', 'a'],
    ['a number as id', optionalId, 7, '7'],
    ['an empty id', optionalId, ' ', undefined],
    ['a list as id', optionalId, ['a'], undefined],
    ['a date', optionalTimestamp, '2026-11-20', new Date('2026-11-20')],
    ['Unix time', optionalTimestamp, 1_000, new Date(1_000_000)],
    ['a word as date', optionalTimestamp, 'soon', undefined],
    ['a missing date', optionalTimestamp, undefined, undefined],
    ['an object as date', optionalTimestamp, {}, undefined],
  ])('%s', (_, schema, value, expected) => {
    expect(schema.parse(value)).toEqual(expected);
  });
});

test('authors have a name, and an address if it is one', () => {
  const authors = [
    { name: ' Ann ', url: '/ann' },
    { name: 'Bob', url: 'data:x' },
    { name: ' ' },
    { url: '/c' },
    'Dan',
    null,
  ];
  expect(authorList(base).parse(authors)).toEqual([
    { name: 'Ann', url: 'https://source.example/ann' },
    { name: 'Bob' },
  ]);
  expect(authorList(base).parse('Ann')).toEqual([]);
});

test('a list has a limited length', () => {
  const many = <T>(value: T) => Array.from({ length: listLength + 1 }, () => value);
  expect(textList.parse(many('a'))).toHaveLength(listLength);
  expect(authorList(base).parse(many({ name: 'Ann' }))).toHaveLength(listLength);
  expect(listOf(z.string()).parse(many('a'))).toHaveLength(listLength);
});

test.each([
  [
    ['a', 1, 'b'],
    ['a', 'b'],
  ],
  ['a', ['a']],
  [1, []],
  [undefined, []],
])('of %j the texts are read', (value, texts) => {
  expect(listOf(z.string()).parse(value)).toEqual(texts);
});

test('an address that is none is named as such', () => {
  expect(webUrl(base).safeParse('mailto:a@b.example').error?.issues[0]?.message).toBe(
    'must be an http or https URL',
  );
});

test.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['a\n b', 3, 'a b'],
  ['🌦🌦🌦', 3, '🌦🌦🌦'],
  ['🌦🌦🌦🌦', 3, '🌦🌦…'],
  ['', 3, ''],
])('%j is shortened to %d characters: %j', (text, length, shortened) => {
  expect(shorten(text, length)).toBe(shortened);
});
