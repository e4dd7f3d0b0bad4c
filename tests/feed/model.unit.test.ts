import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { authorsOf, feedChangedAt, itemChangedAt, newestFirst } from '#server/feed/model.ts';
import { feed, item } from './support.ts';

const day = (date: number) => new Date(Date.UTC(2026, 10, date));
const idsOf = (items: Parameters<typeof newestFirst>[0]) => newestFirst(items).map(({ id }) => id);

describe('the order of a feed', () => {
  test('is from the newest item to the oldest', () => {
    const items = [2, 3, 1].map((date) => item({ id: String(date), publishedAt: day(date) }));
    expect(idsOf(items)).toEqual(['3', '2', '1']);
  });

  test('of items of one day is that of their ids, whatever the order of the source', () => {
    for (const ids of [
      ['a', 'b', 'c'],
      ['c', 'b', 'a'],
      ['b', 'c', 'a'],
    ]) {
      expect(idsOf(ids.map((id) => item({ id, publishedAt: day(1) })))).toEqual(['a', 'b', 'c']);
    }
  });

  test('has the items without a date at the end, as in the source', () => {
    const items = [
      item({ id: 'y', publishedAt: null }),
      item({ id: 'a', publishedAt: day(1) }),
      item({ id: 'x', publishedAt: null }),
      item({ id: 'b', publishedAt: day(2) }),
    ];
    expect(idsOf(items)).toEqual(['b', 'a', 'y', 'x']);
  });

  test('does not depend on the date of a change', () => {
    const items = [
      item({ id: 'old', publishedAt: day(1), updatedAt: day(9) }),
      item({ id: 'new', publishedAt: day(2) }),
    ];
    expect(idsOf(items)).toEqual(['new', 'old']);
  });
});

test('the newest items are kept, and one of each id', () => {
  const items = Array.from({ length: limits.feed.items + 1 }, (_, minute) =>
    item({ id: `${minute}`, publishedAt: new Date(Date.UTC(2026, 10, 1, 0, minute)) }),
  );
  const ids = idsOf([item({ id: '1', publishedAt: null }), ...items]);
  expect(ids).toHaveLength(limits.feed.items);
  expect(ids.at(-1)).toBe('1');
  expect(new Set(ids).size).toBe(ids.length);
});

describe('the date of the last change of an item is', () => {
  test.each([
    ['its publication', { publishedAt: day(2) }, day(2)],
    ['its update', { publishedAt: day(2), updatedAt: day(3) }, day(3)],
    ['its publication if the update was before it', { publishedAt: day(2), updatedAt: day(1) }, day(2)],
    ['its update if it has no other date', { publishedAt: null, updatedAt: day(1) }, day(1)],
    ['none if it has no date', { publishedAt: null }, null],
  ])('%s', (_, dates, expected) => {
    expect(itemChangedAt(item(dates))).toEqual(expected);
  });
});

test('the date of the last change of a feed is that of its item that changed last', () => {
  const items = [
    item({ publishedAt: day(5) }),
    item({ publishedAt: day(1), updatedAt: day(7) }),
    item({ publishedAt: null }),
  ];
  expect(feedChangedAt(feed({ items }))).toEqual(day(7));
  expect(feedChangedAt(feed({ items: items.slice(2) }))).toBeNull();
  expect(feedChangedAt(feed({ items: [] }))).toBeNull();
});

test('an item has its own authors, or those of the feed', () => {
  const all = [{ name: 'All' }];
  const own = [{ name: 'Ann' }];
  expect(authorsOf(item({ authors: own }), feed({ authors: all }))).toEqual(own);
  expect(authorsOf(item(), feed({ authors: all }))).toEqual(all);
  expect(authorsOf(item(), feed())).toEqual([]);
});
