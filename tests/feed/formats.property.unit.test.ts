import fc from 'fast-check';
import { parseAtomFeed, parseJsonFeed, parseRssFeed } from 'feedsmith';
import { describe, expect, test } from 'vitest';
import { renderAtom } from '#server/feed/atom.ts';
import { renderJsonFeed } from '#server/feed/json-feed.ts';
import type { Feed } from '#server/feed/model.ts';
import { renderRss } from '#server/feed/rss.ts';
import { asHtml, feed, item, readStrictly, type XmlValues, xmlCharactersOf } from './support.ts';

const selfUrl = 'https://example.org/feed?a=1&b=2';

/** Any JavaScript string, including lone surrogates, control characters and fragments of markup. */
const anyString = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(']]>', '<![CDATA[', '<!--', '-->', '<?xml ?>', '&amp;', '&#0;', '&', '<', '>', '"'),
        fc.constantFrom(
          '\r\n',
          '\r',
          '\t',
          '\u0000',
          '\u0085',
          '\u2028',
          '\ufeff',
          '\ufffe',
          '\ud800',
          '</title>',
        ),
        fc.string(),
      ),
    )
    .map((pieces) => pieces.join('')),
);

const feedWith = (text: string): Feed =>
  feed({
    title: text,
    description: `d${text}`,
    language: text,
    copyright: `c${text}`,
    authors: [{ name: `f${text}` }],
    items: [
      item({
        title: text,
        summary: `s${text}`,
        contentHtml: text,
        categories: [text],
        authors: [{ name: text }],
      }),
      item({ id: text, contentHtml: null, summary: '' }),
    ],
  });

const valuesOf = (xml: XmlValues, paths: Record<string, string>) =>
  Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, xml.get(path)?.[0]]));

describe('any text survives rendering and parsing, except for characters that XML forbids', () => {
  test('in RSS', () => {
    fc.assert(
      fc.property(anyString, (text) => {
        const kept = xmlCharactersOf(text);
        const xml = readStrictly(renderRss(feedWith(text), { selfUrl }));
        expect(
          valuesOf(xml, {
            title: 'rss/channel/title',
            description: 'rss/channel/description',
            copyright: 'rss/channel/copyright',
            self: 'rss/channel/atom:link@href',
            itemTitle: 'rss/channel/item/title',
            summary: 'rss/channel/item/description',
            content: 'rss/channel/item/content:encoded',
            category: 'rss/channel/item/category',
            author: 'rss/channel/item/dc:creator',
          }),
        ).toEqual({
          title: kept,
          description: asHtml(`d${kept}`),
          copyright: `c${kept}`,
          self: selfUrl,
          itemTitle: kept,
          summary: asHtml(`s${kept}`),
          content: kept,
          category: kept,
          author: kept,
        });
        expect(xml.get('rss/channel/item/guid')?.[1]).toBe(kept);
      }),
    );
  });

  test('in Atom, where every id becomes a URI', () => {
    fc.assert(
      fc.property(anyString, (text) => {
        const kept = xmlCharactersOf(text);
        const xml = readStrictly(renderAtom(feedWith(text), { selfUrl }));
        expect(
          valuesOf(xml, {
            title: 'feed/title',
            subtitle: 'feed/subtitle',
            rights: 'feed/rights',
            self: 'feed/link@href',
            entryTitle: 'feed/entry/title',
            summary: 'feed/entry/summary',
            content: 'feed/entry/content',
            category: 'feed/entry/category@term',
            author: 'feed/entry/author/name',
          }),
        ).toEqual({
          title: kept,
          subtitle: `d${kept}`,
          rights: `c${kept}`,
          self: selfUrl,
          entryTitle: kept,
          summary: `s${kept}`,
          content: kept,
          category: kept,
          author: kept,
        });
        for (const id of xml.get('feed/entry/id') ?? []) expect(URL.canParse(id), id).toBe(true);
      }),
    );
  });

  test('in JSON Feed, except for lone surrogates', () => {
    fc.assert(
      fc.property(anyString, (text) => {
        const json = renderJsonFeed(feedWith(text), { selfUrl });
        const kept = text.toWellFormed();
        expect(Buffer.from(json).toString()).toBe(json);
        expect(JSON.parse(json)).toMatchObject({
          title: kept,
          description: `d${kept}`,
          feed_url: selfUrl,
          items: [
            { title: kept, summary: `s${kept}`, content_html: kept, tags: [kept], authors: [{ name: kept }] },
            { id: kept, content_text: '' },
          ],
        });
      }),
    );
  });
});

test('an independent feed parser reads the same values from all three formats', () => {
  // The parser trims text, and treats text with a reference or a tag as HTML.
  const plain = fc.string({ unit: fc.constantFrom('a', 'ß', '漢', '😀', ' ', '"', "'", '\u202e') });
  fc.assert(
    fc.property(
      plain.map((text) => `x${text}x`),
      (text) => {
        const document = feedWith(text);
        const rss = parseRssFeed(renderRss(document, { selfUrl }));
        const atom = parseAtomFeed(renderAtom(document, { selfUrl }));
        const json = parseJsonFeed(renderJsonFeed(document, { selfUrl }));
        expect([rss.title, atom.title?.value, json.title]).toEqual([text, text, text]);
        expect([rss.items?.[0]?.title, atom.entries?.[0]?.title?.value, json.items?.[0]?.title]).toEqual([
          text,
          text,
          text,
        ]);
        expect([
          rss.items?.[0]?.description,
          atom.entries?.[0]?.summary?.value,
          json.items?.[0]?.summary,
        ]).toEqual([`s${text}`, `s${text}`, `s${text}`]);
      },
    ),
  );
});
