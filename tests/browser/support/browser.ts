import type { Browser, BrowserContext, BrowserContextOptions, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type Product, startProduct } from '#tests/support/product.ts';
import { type SharedProduct, sharedBrowser, sharedProduct } from '#tests/support/shared.ts';
import { testWith } from '#tests/support/skip.ts';
import { type Problems, watchProblems } from './problems.ts';

/** Skips the test if no browser is installed. Every test that uses withBrowser() needs it. */
export const test = testWith('chromium');

/** A page in a browser profile without state from other tests. */
export type Visit = {
  page: Page;
  /** The page's requests, in order. */
  requests: Request[];
  /** Expects a problem (see problems.ts). The test fails if it does not occur, and on any other problem. */
  expectProblem(pattern: RegExp): void;
  /** Allows a problem that may or may not occur. */
  allowProblem(pattern: RegExp): void;
};

type OpenVisit = { page: Page; problems: Problems; expected: RegExp[]; allowed: RegExp[] };

/** One profile per product for visits without options, so that scripts and fonts are fetched and compiled once. */
const profiles = new WeakMap<SharedProduct, BrowserContext>();

/**
 * Opens pages in the browser of the test worker. After each test it checks that the pages had no unexpected problems.
 *
 * @param env environment of a product that is started for this file only; `{}` starts an unused one with the defaults.
 * Without `env` the tests use the product of the test worker.
 */
export function withBrowser(env?: Record<string, string>) {
  let own: Product | undefined;
  let product: SharedProduct | undefined;
  let browser: Browser | undefined;
  const open: OpenVisit[] = [];

  beforeAll(async () => {
    // All requests come from one address, so they share one rate limit.
    const limits = {
      RATE_LIMITS: 'light=10000/60,upstream=10000/60,mail=1000/3600,page=100000/60,signIn=10000/60',
    };
    own = env && (await startProduct({ ...limits, ...env }));
    product = own ?? (await sharedProduct());
    browser = await sharedBrowser();
    if (profileOf()) return;
    // The first page starts much of the browser, which can exceed the timeout of a test. It makes no rate-limited call.
    const first = await (await openProfile()).newPage();
    await first.goto('/docs', { timeout: 0 });
    await first.close();
  });

  afterAll(async () => {
    if (own) await profiles.get(own)?.close();
    await own?.close();
  });

  afterEach(async () => {
    const visits = open.splice(0);
    await Promise.all(
      visits.map(({ page }) => (page.context() === profileOf() ? page.close() : page.context().close())),
    );
    for (const { problems, expected, allowed } of visits) {
      const found = problems();
      const known = [...expected, ...allowed];
      const unexpected = found.filter((problem) => !known.some((pattern) => pattern.test(problem)));
      expect(unexpected, 'unexpected problems of the page').toEqual([]);
      const missing = expected.filter((pattern) => !found.some((problem) => pattern.test(problem)));
      expect(missing.map(String), 'expected problems that did not occur').toEqual([]);
    }
  });

  function running(): SharedProduct {
    if (!product) throw new Error('the product has not started yet');
    return product;
  }

  async function newProfile(options: BrowserContextOptions): Promise<BrowserContext> {
    if (!browser) throw new Error('the browser has not started yet');
    const context = await browser.newContext({
      baseURL: running().baseUrl,
      // Time zone and locale differ from the server's, because the HTML of both sides must not depend on them.
      timezoneId: 'Pacific/Auckland',
      locale: 'de-DE',
      ...options,
    });
    context.setDefaultTimeout(10_000);
    return context;
  }

  const profileOf = () => product && profiles.get(product);

  async function openProfile(): Promise<BrowserContext> {
    const key = running();
    const profile = await newProfile({});
    profiles.set(key, profile);
    profile.on('close', () => profiles.delete(key));
    return profile;
  }

  /** Opens a page in the product's profile, with all its state except the HTTP cache cleared. */
  async function pageOfProfile(): Promise<Page> {
    const profile = profileOf() ?? (await openProfile());
    await Promise.all([profile.clearCookies(), profile.clearPermissions(), profile.setOffline(false)]);
    const page = await profile.newPage();
    const session = await profile.newCDPSession(page);
    await session.send('Storage.clearDataForOrigin', {
      origin: new URL(running().baseUrl).origin,
      storageTypes: 'local_storage,indexeddb,cache_storage,service_workers',
    });
    await session.detach();
    return page;
  }

  async function visit(options?: BrowserContextOptions): Promise<Visit> {
    const shared = !options && open.every(({ page }) => page.context() !== profileOf());
    const page = shared ? await pageOfProfile() : await (await newProfile(options ?? {})).newPage();
    const requests: Request[] = [];
    page.on('request', (request) => requests.push(request));
    const expected: RegExp[] = [];
    const allowed: RegExp[] = [];
    open.push({ page, problems: watchProblems(page, running().baseUrl), expected, allowed });
    return {
      page,
      requests,
      expectProblem: (pattern) => expected.push(pattern),
      allowProblem: (pattern) => allowed.push(pattern),
    };
  }

  return { product: running, visit };
}
