import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Download, Locator, Page } from 'playwright-core';
import { afterEach, expect } from 'vitest';
import { proxyKey } from '#tests/support/proxy-key.ts';
import { patternSha256 } from '#tests/support/upstreams/index.ts';
import { test, withBrowser } from './support/browser.ts';
import { readFailure } from './support/failure-panel.ts';
import { screenshot } from './support/screenshot.ts';
import { becomes, hydrated, reads } from './support/wait.ts';

const { visit, product } = withBrowser({});

afterEach(() => product().upstreams.store.fault(undefined));

const name = 'synthetic-1048576.bin';

/** Opens the explorer and returns the form of one raw endpoint. */
async function openForm(heading: string, button: 'Download' | 'Upload') {
  // A new profile, so that downloads of other tests do not come from the cache.
  const opened = await visit({});
  const { page } = opened;
  await page.goto('/proxy');
  const card = page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: heading, exact: true }) });
  const submit = card.getByRole('button', { name: button, exact: true });
  await hydrated(submit);
  return { ...opened, card, submit };
}

const openDownload = () => openForm('GET /api/raw/store/files/{name}', 'Download');

/** Records all progress texts from now on, including short-lived ones. */
async function watchProgress(page: Page, card: Locator): Promise<() => Promise<string[]>> {
  const seen = await card.evaluateHandle((element) => {
    const texts: string[] = [];
    new MutationObserver(() => {
      const text = element.querySelector('progress + span')?.textContent;
      if (text && texts.at(-1) !== text) texts.push(text);
    }).observe(element, { childList: true, subtree: true, characterData: true });
    return texts;
  });
  return () => page.evaluate((texts) => texts, seen);
}

async function sha256Of(download: Download): Promise<string> {
  return createHash('sha256')
    .update(await readFile(await download.path()))
    .digest('hex');
}

test.each([
  // The example is so small that the download may finish before the first progress event.
  { bytes: 1_048_576, shown: /^0 bytes\b/, received: 'Received 1.0 MB.' },
  { bytes: 67_108_864, shown: /\d MB of 64\.0 MB/, received: 'Received 64.0 MB.' },
])('a download of $bytes bytes shows its progress and saves a file', async (row) => {
  const { page, card, submit } = await openDownload();
  const field = card.getByLabel('params.name');
  expect(await field.inputValue()).toBe(name);
  await field.fill(`synthetic-${row.bytes}.bin`);
  const progress = await watchProgress(page, card);
  const saved = page.waitForEvent('download');
  await submit.click();
  const download = await saved;
  await reads(card, row.received);
  expect(download.suggestedFilename()).toBe(`synthetic-${row.bytes}.bin`);
  expect(await sha256Of(download)).toBe(patternSha256(row.bytes));
  expect((await progress()).join()).toMatch(row.shown);
  await becomes(() => card.getByRole('progressbar').count(), 0);
  await screenshot(page, 'proxy-download');
});

test('the plain link downloads the same file', async () => {
  const { page, card } = await openDownload();
  const saved = page.waitForEvent('download');
  await card.getByRole('link', { name: 'Download the example as a plain link' }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe(name);
  expect(await sha256Of(download)).toBe(patternSha256(1_048_576));
});

test('a large download shows its progress, and Cancel also ends the request to the upstream', async () => {
  const bytes = 2 ** 31;
  const { page, card, submit } = await openDownload();
  const { store } = product().upstreams;
  await card.getByLabel('params.name').fill(`synthetic-${bytes}.bin`);
  await submit.click();
  await reads(card, /MB of 2\.0 GB/);
  const bar = card.getByRole('progressbar');
  expect(await bar.getAttribute('max')).toBe(String(bytes));
  await becomes(() => store.open, 1);
  await card.getByRole('button', { name: 'Cancel' }).click();
  await reads(card, 'The transfer was cancelled.');
  expect(await bar.count()).toBe(0);
  await becomes(() => store.open, 0);
  const transfer = store.transfers.at(-1);
  expect(transfer).toMatchObject({ url: `/files/synthetic-${bytes}.bin`, complete: false });
  expect(transfer?.bytes).toBeLessThan(bytes);
  await becomes(() => submit.isEnabled(), true);
  await screenshot(page, 'proxy-download-cancelled');
});

test('a stalled download shows its progress', async () => {
  const { page, card, submit } = await openDownload();
  product().upstreams.store.fault({ kind: 'stall', afterBytes: 512 * 1024 });
  await submit.click();
  await reads(card, '512.0 KB of 1.0 MB');
  expect(await card.getByRole('progressbar').getAttribute('value')).toBe(String(512 * 1024));
  await screenshot(page, 'proxy-download-progress');
  await card.getByRole('button', { name: 'Cancel' }).click();
  await reads(card, 'The transfer was cancelled.');
  await becomes(() => product().upstreams.store.open, 0);
});

test('a truncated download fails and saves no file', async () => {
  const { page, card, submit, expectProblem } = await openDownload();
  expectProblem(/^net::ERR_\w+: GET \/api\/raw\/store\/files\//);
  const saved: Download[] = [];
  page.on('download', (download) => saved.push(download));
  product().upstreams.store.fault({ kind: 'cut', afterBytes: 512 * 1024 });
  await submit.click();
  await reads(card.getByRole('alert'), 'The server cannot be reached.');
  expect(saved).toEqual([]);
});

test('an upload shows the sent size and the response of the upstream', async () => {
  const { page, card, submit } = await openForm('PUT /api/raw/store/files/{name}', 'Upload');
  const buffer = Buffer.alloc(300 * 1024, 'some file ');
  await card.getByLabel('params.name').fill('from-a-browser.bin');
  await card.getByLabel('Service key').fill(proxyKey);
  await card
    .getByLabel('File (at most 2.0 GB)')
    .setInputFiles({ name: 'mine.txt', mimeType: 'text/plain', buffer });
  await submit.click();
  await reads(card, 'Sent 300.0 KB.');
  await reads(card, createHash('sha256').update(buffer).digest('hex'));
  await reads(card, '"name":"from-a-browser.bin","bytes":307200');
  const [seen] = product().upstreams.store.requests.slice(-1);
  expect(`${seen?.method} ${seen?.url}`).toBe('PUT /files/from-a-browser.bin');
  expect(seen?.headers['content-type']).toBe('text/plain');
  await screenshot(page, 'proxy-upload');
});

test('a missing file shows the reason', async () => {
  const { page, card, submit, expectProblem } = await openDownload();
  expectProblem(/^404: GET \/api\/raw\/store\/files\/no-such-file\.bin/);
  await card.getByLabel('params.name').fill('no-such-file.bin');
  await submit.click();
  const { reason, requestId } = await readFailure(card.getByRole('alert'));
  expect(reason).toBe('not_found');
  expect(requestId).toMatch(/^[\da-f-]{36}$/);
  await screenshot(page, 'proxy-download-not-found');
});
