import { afterEach, expect } from 'vitest';
import { keepWell } from '#tests/product/healthy-history.ts';
import { test, withBrowser } from './support/browser.ts';
import { readFailure } from './support/failure-panel.ts';
import { trpcCalls } from './support/requests.ts';
import { screenshot } from './support/screenshot.ts';
import { hydrated, reads, settled } from './support/wait.ts';

const { visit, product } = withBrowser();

afterEach(() => product().upstreams.github.fault(undefined));

/** The explorer's form of one endpoint. */
async function openForm(path: string) {
  const opened = await visit();
  const { page } = opened;
  await page.goto('/proxy');
  const card = page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { name: path, exact: true }) });
  const button = card.getByRole('button', { name: 'Call' });
  await hydrated(button);
  return { ...opened, card, answer: card.locator('pre'), call: () => button.click() };
}

test('the list of endpoints comes with the page', async () => {
  const { page, requests } = await visit();
  await page.goto('/proxy');
  await hydrated(page.getByRole('button', { name: 'Call' }).first());
  await settled(page);
  expect(await page.getByRole('main').getByRole('heading', { level: 2 }).allInnerTexts()).toEqual([
    'proxy.github.repository',
    'proxy.github.releases',
    'proxy.github.renderMarkdown',
    'GET /api/raw/codeload/{owner}/{repo}/tar.gz/refs/tags/{tag}',
    'GET /api/raw/files/files/{name}',
    'PUT /api/raw/files/files/{name}',
  ]);
  expect(trpcCalls(requests)).toEqual([]);
  await screenshot(page, 'proxy');
});

test.each([
  ['repository', /"full_name": "trpc\/trpc"/],
  ['releases', /"tag_name": "v[^"]+"(.*"tag_name"){2}/s],
  ['renderMarkdown', /"data": ".*<strong>Hello<\/strong> from a typed proxy/],
])('proxy.github.%s answers its example', async (name, expected) => {
  const { page, requests, answer, call } = await openForm(`proxy.github.${name}`);
  await call();
  await reads(answer, expected);
  await reads(answer, '"status": 200');
  const [request, ...more] = trpcCalls(requests);
  expect(more).toEqual([]);
  expect(request?.method()).toBe('POST');
  expect(request?.url()).not.toMatch(/input|owner|Hello/);
  await screenshot(page, `proxy-${name.toLowerCase()}`);
});

test('what is filled in is what is asked', async () => {
  const { card, answer, call } = await openForm('proxy.github.releases');
  await card.getByLabel('params.owner').fill('nodejs');
  await card.getByLabel('params.repo').fill('undici');
  await card.getByLabel('query.per_page').fill('2');
  await card.getByLabel('query.page').fill('3');
  await call();
  await reads(answer, 'https://github.com/nodejs/undici/releases/');
  expect((await answer.innerText()).match(/"tag_name"/g)).toHaveLength(2);
  const asked = product().upstreams.github.requests.at(-1)?.url;
  expect(asked).toBe('/repos/nodejs/undici/releases?per_page=2&page=3');
});

test('a repository that does not exist shows the reason', async () => {
  const { page, card, call, expectProblem } = await openForm('proxy.github.repository');
  expectProblem(/^404: POST \/api\/trpc\/proxy\.github\.repository/);
  await card.getByLabel('params.repo').fill('no-such-repository');
  await call();
  const { reason } = await readFailure(card.getByRole('alert'));
  expect(reason).toBe('not_found');
  await screenshot(page, 'proxy-not-found');
});

test('what an endpoint does not take shows the reason and asks nobody', async () => {
  const { card, call, expectProblem } = await openForm('proxy.github.repository');
  expectProblem(/^400: POST \/api\/trpc\/proxy\.github\.repository/);
  const before = product().upstreams.github.requests.length;
  await card.getByLabel('params.owner').fill('../../admin');
  await call();
  const { reason } = await readFailure(card.getByRole('alert'));
  expect(reason).toBe('invalid_input');
  await reads(card.getByRole('alert'), 'Not a GitHub user or organisation name');
  expect(product().upstreams.github.requests).toHaveLength(before);
});

test("an upstream's failure shows the fixed text, the reason and an id that is in the log", async () => {
  const { page, card, call, expectProblem } = await openForm('proxy.github.repository');
  expectProblem(/^502: POST \/api\/trpc\/proxy\.github\.repository/);
  await keepWell(product(), 'proxy.github.renderMarkdown');
  product().upstreams.github.fault({
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
  await reads(alert, 'A service this answer depends on gave an answer that could not be used.');
  expect(await page.content()).not.toContain('db-7.internal');
  await screenshot(page, 'proxy-upstream-failed');
});
