import { SaxesParser } from 'saxes';
import type { Feed, FeedItem } from '#server/feed/model.ts';

export function item(overrides: Partial<FeedItem> = {}): FeedItem {
  return {
    id: 'tag:example.org,2026-11-02:/posts/a',
    url: 'https://example.org/posts/a',
    title: 'A title',
    summary: 'A summary',
    contentHtml: '<p>Content</p>',
    publishedAt: new Date('2026-11-02T10:00:00Z'),
    categories: [],
    ...overrides,
  };
}

export function feed(overrides: Partial<Feed> = {}): Feed {
  return {
    title: 'Feed',
    description: 'About it',
    homeUrl: 'https://example.org/',
    items: [item()],
    ...overrides,
  };
}

/** The texts of elements and the values of attributes, by path: `feed/entry/title`, `feed/link@href`. */
export type XmlValues = Map<string, string[]>;

/**
 * Reads XML with a strict parser.
 *
 * @throws Error if the XML is not well-formed or uses an undeclared prefix
 */
export function readStrictly(xml: string): XmlValues {
  const values: XmlValues = new Map();
  const open: { name: string; text: string }[] = [];
  const path = () => open.map(({ name }) => name).join('/');
  const add = (name: string, value: string) => values.set(name, [...(values.get(name) ?? []), value]);
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    open.push({ name, text: '' });
    for (const attribute of Object.values(attributes)) add(`${path()}@${attribute.name}`, attribute.value);
  });
  parser.on('text', (text) => {
    const current = open.at(-1);
    if (current) current.text += text;
  });
  parser.on('closetag', () => {
    add(path(), open.at(-1)?.text ?? '');
    open.pop();
  });
  parser.write(xml).close();
  return values;
}

/** Keeps only the characters of a text that XML 1.0 allows (section 2.2). */
export function xmlCharactersOf(text: string): string {
  return Array.from(text)
    .filter((character) => {
      const point = character.codePointAt(0) ?? 0;
      if (point < 0x20) return point === 0x9 || point === 0xa || point === 0xd;
      return point <= 0xd7ff || (point >= 0xe000 && point <= 0xfffd) || point >= 0x10000;
    })
    .join('');
}

/** Escapes a text as HTML. */
export function asHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}
