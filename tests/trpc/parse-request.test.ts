import { expect, test } from 'vitest';
import { routeHandler } from '#server/http/route-handlers.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { checkAnswer } from '../http/support/answers.ts';
import { withServices } from '../http/support/in-process.ts';

const callTrpc = routeHandler(handleTrpc);

withServices();

async function ask(path: string, init: RequestInit = {}) {
  const response = await callTrpc(new Request(`http://localhost:3000/api/trpc${path}`, init));
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const foreign = { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' };

/** tRPC takes slashes off both ends of what is called; the door must not see another procedure than tRPC does. */
test.each(['//echo.body', '/echo.body/', '//echo.body/'])(
  'a mutation cannot be called from another site by writing it %s',
  async (path) => {
    const answer = await ask(path, { method: 'POST', headers: foreign, body: '{"json":1}' });
    checkAnswer(answer, { mayCallUpstream: false });
    expect([403, 404]).toContain(answer.status);
  },
);

test.each(['//proxy.endpoints', '/proxy.endpoints/', '//proxy.endpoints/'])(
  'a sensitive query cannot be called by GET by writing it %s',
  async (path) => {
    const answer = await ask(path);
    checkAnswer(answer, { mayCallUpstream: false });
    expect([404, 405]).toContain(answer.status);
  },
);

test.each([
  { title: 'by trpc-accept', headers: { 'trpc-accept': 'application/jsonl' } },
  { title: 'by accept', headers: { accept: 'application/jsonl' } },
])('a batch asked as a stream $title is answered as JSON with its statuses', async ({ headers }) => {
  const answer = await ask('/echo.request,nothing.here?batch=1', { headers });
  checkAnswer(answer, { mayCallUpstream: false });
  expect(answer.status).toBe(207);
});

test('connection parameters that cannot be read are refused as JSON', async () => {
  const answer = await ask('/echo.request?connectionParams=%7B');
  expect(answer.status).toBe(400);
  checkAnswer(answer, { mayCallUpstream: false });
});
