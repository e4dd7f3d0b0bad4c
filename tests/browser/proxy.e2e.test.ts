import { afterEach, expect } from 'vitest';
import { addSuccesses } from '#tests/support/healthy-history.ts';
import { proxyKey } from '#tests/support/proxy-key.ts';
import { test, withBrowser } from './support/browser.ts';
import { readFailure } from './support/failure-panel.ts';
import { trpcCalls } from './support/requests.ts';
import { screenshot } from './support/screenshot.ts';
import { hydrated, reads, settled } from './support/wait.ts';

const { visit, product } = withBrowser();

afterEach(() => product().upstreams.items.fault(undefined));

/** Opens the explorer and returns the form of one endpoint. */
async function openForm(path: string) {
  const opened = await visit();
  const { page } = opened;
  await page.goto('/proxy');
  const card = page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: path, exact: true }) });
  const button = card.getByRole('button', { name: 'Call' });
  await hydrated(button);
  return { ...opened, card, response: card.locator('pre'), call: () => button.click() };
}

test('the HTML contains the list of endpoints', async () => {
  const { page, requests } = await visit();
  await page.goto('/proxy');
  await hydrated(page.getByRole('button', { name: 'Call' }).first());
  await settled(page);
  expect(await page.getByRole('main').getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(
    expect.arrayContaining([
      'GET /api/raw/archives/{owner}/{repo}/tar.gz/{tag}',
      'proxy.items.item',
      'proxy.items.versions',
      'proxy.items.render',
      'GET /api/raw/store/files/{name}',
      'PUT /api/raw/store/files/{name}',
    ]),
  );
  expect(trpcCalls(requests)).toEqual([]);
  await screenshot(page, 'proxy');
});

test.each([
  ['item', /"full_name": "trpc\/trpc"/],
  ['versions', /"name": "v[^"]+"(.*"name"){2}/s],
  ['render', /"data": ".*Hello from a typed proxy/],
])('proxy.items.%s works with its example', async (name, expected) => {
  const { page, card, requests, response, call } = await openForm(`proxy.items.${name}`);
  if (name === 'render') await card.getByLabel('Service key').fill(proxyKey);
  await call();
  await reads(response, expected);
  await reads(response, '"status": 200');
  const [request, ...more] = trpcCalls(requests);
  expect(more).toEqual([]);
  expect(request?.method()).toBe('POST');
  expect(request?.url()).not.toMatch(/input|owner|Hello/);
  await screenshot(page, `proxy-${name.toLowerCase()}`);
});

test('an endpoint that is not public names the scope that its key needs', async () => {
  const { card, call, expectProblem } = await openForm('proxy.items.render');
  expectProblem(/^401: POST \/api\/trpc\/proxy\.items\.render/);
  await reads(card, 'The key needs the scope proxy.items.');
  const before = product().upstreams.items.requests.length;
  await call();
  const { reason } = await readFailure(card.getByRole('alert'));
  expect(reason).toBe('unauthorized');
  expect(product().upstreams.items.requests).toHaveLength(before);
});

test('the form sends its values to the upstream', async () => {
  const { card, response, call } = await openForm('proxy.items.versions');
  await card.getByLabel('params.owner').fill('colinhacks');
  await card.getByLabel('params.repo').fill('zod');
  await card.getByLabel('query.per_page').fill('2');
  await card.getByLabel('query.page').fill('2');
  await call();
  await reads(response, 'v1.2.0');
  expect((await response.innerText()).match(/"name"/g)).toHaveLength(2);
  const url = product().upstreams.items.requests.at(-1)?.url;
  expect(url).toBe('/items/colinhacks/zod/versions?per_page=2&page=2');
});

test('a missing item shows the reason', async () => {
  const { page, card, call, expectProblem } = await openForm('proxy.items.item');
  expectProblem(/^404: POST \/api\/trpc\/proxy\.items\.item/);
  await card.getByLabel('params.repo').fill('no-such-repository');
  await call();
  const { reason } = await readFailure(card.getByRole('alert'));
  expect(reason).toBe('not_found');
  await screenshot(page, 'proxy-not-found');
});

test('an invalid value shows the reason and sends nothing to the upstream', async () => {
  const { card, call, expectProblem } = await openForm('proxy.items.item');
  expectProblem(/^400: POST \/api\/trpc\/proxy\.items\.item/);
  const before = product().upstreams.items.requests.length;
  await card.getByLabel('params.owner').fill('../../admin');
  await call();
  const { reason } = await readFailure(card.getByRole('alert'));
  expect(reason).toBe('invalid_input');
  await reads(card.getByRole('alert'), 'Not an owner');
  expect(product().upstreams.items.requests).toHaveLength(before);
});

test('an upstream failure shows the fixed text, the reason and the request id from the log', async () => {
  const { page, card, call, expectProblem } = await openForm('proxy.items.item');
  expectProblem(/^502: POST \/api\/trpc\/proxy\.items\.item/);
  await addSuccesses(product(), 'proxy.items.render');
  product().upstreams.items.fault({
    kind: 'status',
    status: 500,
    body: '{"message":"db-7.internal is down"}',
  });
  await card.getByLabel('params.owner').fill('colinhacks');
  await card.getByLabel('params.repo').fill('zod');
  await call();
  const alert = card.getByRole('alert');
  const { reason, requestId } = await readFailure(alert);
  expect(reason).toBe('upstream_bad_answer');
  expect(product().log()).toContain(requestId);
  await reads(alert, 'A service we depend on sent an unusable response.');
  expect(await page.content()).not.toContain('db-7.internal');
  await screenshot(page, 'proxy-upstream-failed');
});
