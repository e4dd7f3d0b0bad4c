/**
 * Time until the temperature is visible: on the weather page, whose HTML already contains it, and on a page that
 * fetches it after its JavaScript has loaded, in the same browser over the same network.
 */
import type { Browser } from 'playwright-core';
import { z } from 'zod';
import { launchBrowser } from '#tests/support/chromium.ts';
import { startUpstreams } from '#tests/support/upstreams/index.ts';
import { type ContenderId, contenders, type Running, start } from './http/contenders.ts';
import { withSpread } from './http/report.ts';
import { ratios, type Spread, spreadOf } from './support/statistics.ts';
import { table } from './support/table.ts';

/** A good mobile connection: round-trip latency in milliseconds, throughput in bytes per second. */
const network = { latency: 60, downloadThroughput: 10e6 / 8, uploadThroughput: 5e6 / 8, offline: false };

const paintSchema = z.object({ temperature: z.number(), first: z.number(), largest: z.number() });
type Paint = z.output<typeof paintSchema>;

export type PaintSummary = {
  page: string;
  /** Milliseconds since the navigation. */
  firstContentfulPaint: Spread;
  largestContentfulPaint: Spread;
  temperature: Spread;
  temperatureVsClientFetch: Spread;
};

export async function measurePaint(rounds: number, folder: string): Promise<PaintSummary[]> {
  const upstreams = await startUpstreams();
  const running: Running[] = [];
  const browser = await launchBrowser();
  try {
    const ids: ContenderId[] = ['c', 'e', 'f'];
    for (const id of ids) running.push(await start(id, { folder, env: { ...upstreams.env } }));
    const paints = new Map(ids.map((id) => [id, [] as Paint[]]));
    // The first round warms up the servers.
    for (let round = 0; round <= rounds; round += 1) {
      for (const { id, baseUrl } of running) {
        const paint = await visit(browser, `${baseUrl}/weather`);
        if (round > 0) paints.get(id)?.push(paint);
      }
    }
    const temperatures = (id: ContenderId) => (paints.get(id) ?? []).map(({ temperature }) => temperature);
    const summaries = ids.map((id): PaintSummary => {
      const own = paints.get(id) ?? [];
      return {
        page: contenders[id].name,
        firstContentfulPaint: spreadOf(own.map(({ first }) => first)),
        largestContentfulPaint: spreadOf(own.map(({ largest }) => largest)),
        temperature: spreadOf(temperatures(id)),
        temperatureVsClientFetch: ratios(temperatures(id), temperatures('c')),
      };
    });
    print(summaries);
    return summaries;
  } finally {
    await browser.close();
    await Promise.all(running.map(({ close }) => close()));
    await upstreams.close();
  }
}

/** Loads the page with an empty cache, as on a first visit. */
async function visit(browser: Browser, url: string): Promise<Paint> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', network);
    await page.addInitScript(watchPaint);
    await page.goto(url);
    return paintSchema.parse(await page.evaluate(readPaint));
  } finally {
    await context.close();
  }
}

/**
 * Runs in the page. Marks the first element that contains a temperature with `elementtiming`, so that the browser
 * reports its paint time. `requestAnimationFrame` would fire later, after other scripts of the page.
 */
const watchPaint = `
  globalThis.largestPaint = 0;
  const observer = new MutationObserver((records) => {
    for (const { addedNodes, target } of records) {
      for (const node of addedNodes.length > 0 ? addedNodes : [target]) {
        const texts = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
        for (let text = node.nodeType === Node.TEXT_NODE ? node : texts.nextNode(); text; text = texts.nextNode()) {
          const element = text.parentElement;
          if (!element?.closest('main') || !/\\d\\s?°/.test(element.textContent)) continue;
          element.setAttribute('elementtiming', 'temperature');
        }
      }
    }
  });
  observer.observe(document, { childList: true, characterData: true, subtree: true });
  globalThis.temperaturePaint = new Promise((resolve, reject) => {
    new PerformanceObserver((list) => resolve(list.getEntries()[0].startTime)).observe({ type: 'element', buffered: true });
    setTimeout(() => reject(new Error('No temperature was painted')), 30_000);
  });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) globalThis.largestPaint = entry.startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
`;

/** Waits until the temperature is painted. */
const readPaint = `globalThis.temperaturePaint.then((temperature) => ({
  temperature,
  first: performance.getEntriesByName('first-contentful-paint')[0].startTime,
  largest: globalThis.largestPaint,
}))`;

function print(summaries: readonly PaintSummary[]): void {
  const rows = summaries.map((each) => [
    each.page,
    Math.round(each.firstContentfulPaint.median),
    Math.round(each.largestContentfulPaint.median),
    Math.round(each.temperature.median),
    withSpread(each.temperatureVsClientFetch),
  ]);
  const heads = ['weather page', 'FCP ms', 'LCP ms', 'temperature ms', 'vs client fetch'];
  console.log(`\nfirst paint\n${table(heads, rows)}`);
}
