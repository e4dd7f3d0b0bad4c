import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { overloadedPagePolicy } from '#server/node-server/overloaded-page.ts';
import type { NodeServer } from '#server/node-server/server.ts';
import { withServices } from '#tests/http/support/in-process.ts';
import { startTestServer } from '#tests/http/support/test-server.ts';

const { pages: pageLimits, overloadRetryAfterSeconds } = limits.nodeServer;
const { total: concurrentPages, perClient } = pageLimits;

withServices();

let server: NodeServer;
let url: string;
/** Responses of the pages that Next is rendering. */
const rendering: ServerResponse[] = [];
let onAllRendering = (): void => undefined;

beforeAll(async () => {
  ({ server, url } = await startTestServer(async ({ url: path = '' }, response) => {
    if (path.startsWith('/_next/')) return void response.end('file');
    rendering.push(response);
    if (rendering.length === concurrentPages) onAllRendering();
  }));
});
afterAll(() => server.stop());

/** Requests a page as one of several clients. */
const page = (path: string, client: number) =>
  fetch(`${url}${path}`, { headers: { 'x-forwarded-for': `192.0.2.${client}` } });

let pages: Promise<Response>[];
beforeEach(async () => {
  const allRendering = new Promise<void>((resolve) => {
    onAllRendering = resolve;
  });
  // As many clients as are needed to reach the limit of all.
  pages = Array.from({ length: concurrentPages }, (_, at) => page('/posts', Math.floor(at / perClient)));
  await allRendering;
  return async () => {
    for (const response of rendering.splice(0)) response.end('page');
    await Promise.all(pages.map(async (each) => (await each).text()));
  };
});

test('a page over the limit gets a 503 in HTML with a request id and Retry-After', async () => {
  const response = await fetch(`${url}/docs/fixture.body`, { headers: { 'x-request-id': 'over-the-limit' } });
  const { status, headers } = response;
  expect(status).toBe(503);
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'retry-after': String(overloadRetryAfterSeconds),
    'x-request-id': 'over-the-limit',
    'x-content-type-options': 'nosniff',
    'content-security-policy': overloadedPagePolicy,
  });
  const html = await response.text();
  expect(html).toContain('<code>over-the-limit</code>');
  const style = /<style>(.*)<\/style>/s.exec(html)?.[1] ?? '';
  expect(overloadedPagePolicy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
});

test('static files, calls and health checks are still served', async () => {
  const file = await fetch(`${url}/_next/static/chunk.js`);
  expect([file.status, await file.text()]).toEqual([200, 'file']);
  expect((await fetch(`${url}/api/trpc/fixture.request`)).status).toBe(200);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test.each([
  ['completes', (response: ServerResponse) => void response.end('page')],
  ['is aborted', (response: ServerResponse) => void response.destroy()],
])('a slot is free again once a page %s', async (_, finish) => {
  const [first, ...others] = rendering.splice(0);
  if (!first) throw new Error('no page is rendering');
  rendering.push(...others);
  finish(first);
  await Promise.race(pages).catch(() => undefined);
  pages = pages.map((each) => each.catch(() => new Response()));
  const next = page('/posts', 100);
  pages.push(next);
  await expect.poll(() => rendering.length).toBe(concurrentPages);
  expect((await fetch(`${url}/posts`)).status).toBe(503);
});
