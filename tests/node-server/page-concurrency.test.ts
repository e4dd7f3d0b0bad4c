import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { overloadedPagePolicy } from '#server/node-server/overloaded-page.ts';
import type { NodeServer } from '#server/node-server/server.ts';
import { startFront } from '../http/support/front.ts';
import { withServices } from '../http/support/in-process.ts';

const { concurrentPages: pagesAtOnce, pageRetryAfterSeconds } = limits.nodeServer;

withServices();

let front: NodeServer;
let url: string;
/** What Next is at work on. */
const rendering: ServerResponse[] = [];
let begun = (): void => undefined;

beforeAll(async () => {
  ({ front, url } = await startFront(async ({ url: path = '' }, response) => {
    if (path.startsWith('/_next/')) return void response.end('file');
    rendering.push(response);
    if (rendering.length === pagesAtOnce) begun();
  }));
});
afterAll(() => front.stop());

let pages: Promise<Response>[];
beforeEach(async () => {
  const full = new Promise<void>((resolve) => {
    begun = resolve;
  });
  pages = Array.from({ length: pagesAtOnce }, () => fetch(`${url}/posts`));
  await full;
  return async () => {
    for (const response of rendering.splice(0)) response.end('page');
    await Promise.all(pages.map(async (page) => (await page).text()));
  };
});

test('a page too many is refused in HTML, with an id and a time to come back', async () => {
  const answer = await fetch(`${url}/docs/echo.body`, { headers: { 'x-request-id': 'one-too-many' } });
  const { status, headers } = answer;
  expect(status).toBe(503);
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'retry-after': String(pageRetryAfterSeconds),
    'x-request-id': 'one-too-many',
    'x-content-type-options': 'nosniff',
    'content-security-policy': overloadedPagePolicy,
  });
  const html = await answer.text();
  expect(html).toContain('<code>one-too-many</code>');
  const style = /<style>(.*)<\/style>/s.exec(html)?.[1] ?? '';
  expect(overloadedPagePolicy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
});

test('files, calls and feeds are answered meanwhile', async () => {
  const file = await fetch(`${url}/_next/static/chunk.js`);
  expect([file.status, await file.text()]).toEqual([200, 'file']);
  expect((await fetch(`${url}/api/trpc/echo.request`)).status).toBe(200);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test.each([
  ['was answered', (response: ServerResponse) => void response.end('page')],
  ['broke off', (response: ServerResponse) => void response.destroy()],
])('there is a place again once a page %s', async (_, finish) => {
  const [first, ...others] = rendering.splice(0);
  if (!first) throw new Error('nothing is rendered');
  rendering.push(...others);
  finish(first);
  await Promise.race(pages).catch(() => undefined);
  pages = pages.map((page) => page.catch(() => new Response()));
  const next = fetch(`${url}/posts`);
  pages.push(next);
  await expect.poll(() => rendering.length).toBe(pagesAtOnce);
  expect((await fetch(`${url}/posts`)).status).toBe(503);
});
