import { expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { parseFeedJson } from '#server/feed/parse.ts';

const { htmlLength, totalHtmlLength, listLength, items: maxItems } = limits.feed;
const sourceUrl = 'https://source.example/feed.json';

/** Items from the newest to the oldest. */
async function itemsOf(items: readonly object[]) {
  const rawItems = items.map((item, at) => ({
    id: `https://source.example/${at}`,
    title: `Item ${at}`,
    date_published: new Date(Date.UTC(2026, 0, 1) - at * 60_000).toISOString(),
    ...item,
  }));
  const json = { version: 'https://jsonfeed.org/version/1.1', title: 'Large', items: rawItems };
  return (await parseFeedJson(json, sourceUrl)).feed.items;
}

test('of many items the newest are kept, while other requests get their turns', async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  });
  const items = await itemsOf(Array.from({ length: 30_000 }, () => ({ content_html: '<p>x</p>' })));
  clearInterval(timer);
  expect(items.map(({ title }) => title)).toEqual(Array.from({ length: maxItems }, (_, at) => `Item ${at}`));
  expect(turns).toBeGreaterThan(2);
});

test('older items keep only their summary once the HTML of all is too long', async () => {
  const content_html = `<p>${'x'.repeat(htmlLength - 20)}</p>`;
  const items = await itemsOf(Array.from({ length: 10 }, () => ({ content_html, summary: 'In short' })));
  const withHtml = Math.floor(totalHtmlLength / content_html.length);
  expect(items.map(({ contentHtml }) => contentHtml !== null)).toEqual(
    Array.from({ length: 10 }, (_, at) => at < withHtml),
  );
  expect(items.every(({ summary }) => summary === 'In short')).toBe(true);
});

test('a text that is too long is dropped', async () => {
  const long = 'word \n\n'.repeat(htmlLength / 4);
  const [item] = await itemsOf([{ content_text: long, summary: long }]);
  expect(item).toMatchObject({ title: 'Item 0', summary: '', contentHtml: null });
});

test('an item has a limited number of tags and authors', async () => {
  const [item] = await itemsOf([
    {
      tags: Array.from({ length: 400_000 }, (_, at) => `tag ${at}`),
      authors: Array.from({ length: 50_000 }, (_, at) => ({ name: `Author ${at}` })),
    },
  ]);
  expect(item?.categories).toHaveLength(listLength);
  expect(item?.authors).toHaveLength(listLength);
});
