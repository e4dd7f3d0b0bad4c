import type { Browser, BrowserContext, BrowserContextOptions, Page, Request } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type Product, startProduct } from '#tests/support/product.ts';
import { type SharedProduct, sharedBrowser, sharedProduct } from '#tests/support/shared.ts';
import { testWith } from '#tests/support/skip.ts';
import { type Problems, watchProblems } from './problems.ts';

/** For every test that uses withBrowser(): it is skipped without a browser. */
export const test = testWith('chromium');

/** A page in a browser profile that knows nothing of other tests. */
export type Visit = {
  page: Page;
  /** Everything it asked for, in order. */
  requests: Request[];
  /** A problem (see problems.ts) that belongs to this test, and must happen. Any other one fails the test. */
  expectProblem(pattern: RegExp): void;
  /** The same for one that may or may not happen. */
  allowProblem(pattern: RegExp): void;
};

type OpenVisit = { page: Page; problems: Problems; expected: RegExp[]; allowed: RegExp[] };

/** One for each product, for visits without options: scripts and fonts are fetched and compiled once. */
const profiles = new WeakMap<SharedProduct, BrowserContext>();

/**
 * Pages of the worker's browser for a test file. After each test every page it opened must have been free of
 * problems.
 *
 * @param env what a product of the file's own is started with, `{}` for one that nobody has used; without it the
 * product is the worker's
 */
export function withBrowser(env?: Record<string, string>) {
  let own: Product | undefined;
  let product: SharedProduct | undefined;
  let browser: Browser | undefined;
  const open: OpenVisit[] = [];

  beforeAll(async () => {
    // Everyone here comes from one address.
    const limits = { RATE_LIMITS: 'light=10000/60,upstream=10000/60,mail=1000/3600' };
    own = env && (await startProduct({ ...limits, ...env }));
    product = own ?? (await sharedProduct());
    browser = await sharedBrowser();
    if (profileOf()) return;
    // The first page of all starts half the browser, which no test's patience is for. This one calls nothing that is limited.
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
      expect(unexpected, 'problems of the page').toEqual([]);
      const missing = expected.filter((pattern) => !found.some((problem) => pattern.test(problem)));
      expect(missing.map(String), 'problems that should have happened').toEqual([]);
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
      // Neither the server's clock nor its language: what is rendered on both sides must not depend on them.
      timezoneId: 'Pacific/Auckland',
      locale: 'de-DE',
      ...options,
    });
    context.setDefaultTimeout(10_000);
    return context;
  }

  const profileOf = () => product && profiles.get(product);

  async function openProfile(): Promise<BrowserContext> {
    const of = running();
    const profile = await newProfile({});
    profiles.set(of, profile);
    profile.on('close', () => profiles.delete(of));
    return profile;
  }

  /** A page of the product's profile, which has forgotten everything but its cache. */
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
