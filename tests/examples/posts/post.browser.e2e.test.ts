import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { startTimeout, startWithPosts } from '#tests/support/posts-product.ts';
import type { Product } from '#tests/support/product.ts';
import { sharedBrowser } from '#tests/support/shared.ts';
import { testWith } from '#tests/support/skip.ts';

const test = testWith('chromium');

const picture = readFileSync('public/icon-192.png');
/** Another site with a picture. */
const server = createServer((_, response) => response.setHeader('content-type', 'image/png').end(picture));
afterAll(() => void server.close().closeAllConnections());

async function startPictureServer(): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/logo.png`;
}

let product: Product;
beforeAll(async () => {
  const markdown = [
    `[Jump](#second-part)\n\n![Logo](${await startPictureServer()})\n\nA claim[^1].`,
    ...Array.from({ length: 60 }, () => 'A line.'),
    '## Second part\n\nText\n\n[^1]: Its source.',
    // Headings named like other ids of the page.
    '## Content\n\n## mainContent\n\n## fn.1\n\n## fn.ref-1\n\n## fn.label',
  ].join('\n\n');
  product = await startWithPosts({
    'picture.md': `---\ntitle: Picture\ndate: 2026-11-21\n---\n${markdown}\n`,
  });
}, startTimeout);
afterAll(() => product?.close());

test('a post shows pictures of other sites, and its headings and footnotes are linked', {
  timeout: startTimeout,
}, async () => {
  const browser = await sharedBrowser();
  const page = await browser.newPage({ baseURL: product.baseUrl });
  onTestFinished(() => page.context().close());
  page.setDefaultTimeout(startTimeout);
  const widthOfPicture = () =>
    page
      .getByRole('img', { name: 'Logo' })
      .evaluate((image) => ('naturalWidth' in image ? image.naturalWidth : 0));
  const waitUntilInView = (selector: string) =>
    expect
      .poll(
        () =>
          page.locator(selector).evaluate((element) => {
            const { top, bottom } = element.getBoundingClientRect();
            return top >= 0 && bottom <= window.innerHeight;
          }),
        { timeout: startTimeout },
      )
      .toBe(true);

  // The policy of the first page applies to the pages that the browser opens from there without a new document.
  await page.goto('/posts');
  await page.getByRole('link', { name: 'Picture' }).click();
  await page.getByRole('heading', { level: 1, name: 'Picture' }).waitFor();
  await expect.poll(widthOfPicture, { timeout: startTimeout }).toBe(192);
  await page.reload();
  await expect.poll(widthOfPicture, { timeout: startTimeout }).toBe(192);

  const ids = await page.locator('[id]').evaluateAll((elements) => elements.map(({ id }) => id));
  expect(ids).toEqual([...new Set(ids)]);

  await page.getByRole('link', { name: 'Jump' }).click();
  await waitUntilInView('#second-part');
  await page.goto('/posts/picture');
  await page.getByRole('link', { name: '1', exact: true }).click();
  await waitUntilInView('[id="fn.1"]');
  await page.getByRole('link', { name: 'Back to the text' }).click();
  await waitUntilInView('[id="fn.ref-1"]');
});
