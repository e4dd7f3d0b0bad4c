import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { expect, test } from 'vitest';
import { routeHandler } from '#server/http/route-handlers.ts';
import { services } from '#server/services.ts';
import { createInnerContext } from '#server/trpc/context.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { appRouter } from '#server/trpc/router.ts';
import { withServices } from '../http/support/in-process.ts';

const callTrpc = routeHandler(handleTrpc);

withServices();

const requestId = 'protocol-test-1';
const when = '{"json":{"at":"2026-03-29T12:00:00.000Z"},"meta":{"values":{"at":["Date"]},"v":1}}';

function request(path: string, body?: string): Request {
  return new Request(`http://localhost:3000/api/trpc/${path}`, {
    headers: { 'content-type': 'application/json', 'x-request-id': requestId },
    ...(body === undefined ? {} : { method: 'POST', body }),
  });
}

async function byAdapter(req: Request) {
  const response = await fetchRequestHandler({
    req,
    endpoint: '/api/trpc',
    router: appRouter,
    allowMethodOverride: true,
    createContext: () => createInnerContext({ services: services(), requestId }),
  });
  return { status: response.status, body: await response.json() };
}

async function byHandler(req: Request) {
  const response = await callTrpc(req);
  return { status: response.status, body: await response.json() };
}

test.each([
  { title: 'a value with types', path: 'echo.body', body: when },
  { title: 'an empty object', path: 'echo.body', body: '{}' },
  { title: 'a batch', path: 'echo.body,echo.body?batch=1', body: `{"0":${when},"1":{"json":2}}` },
  { title: 'a batch of one', path: 'echo.body?batch=1', body: `{"0":${when}}` },
  { title: 'a batch without an input', path: 'echo.body,echo.body?batch=1', body: '{"1":{"json":2}}' },
  {
    title: 'a batch whose inputs are an array',
    path: 'echo.body,echo.body?batch=1',
    body: '[{"json":1},{"json":2}]',
  },
  { title: 'a batch in which one call fails', path: 'email.status,proxy.endpoints?batch=1', body: '{}' },
  { title: 'invalid JSON', path: 'echo.body', body: '{' },
  { title: 'an input that the schema rejects', path: 'email.status', body: '{"json":{"id":7}}' },
  { title: 'a mail that does not exist', path: 'email.status', body: '{"json":{"id":"none"}}' },
  { title: 'an unknown procedure', path: 'no.such', body: '{}' },
  { title: 'an unknown procedure in a batch', path: 'no.such,echo.body?batch=1', body: '{"1":{"json":2}}' },
  { title: 'an unknown procedure by GET', path: 'no.such' },
])("$title: the response is that of tRPC's own adapter", async ({ path, body }) => {
  expect(await byHandler(request(path, body))).toEqual(await byAdapter(request(path, body)));
});

// tRPC 11.19 rejects it. From 11.25 on, the adapter can be compared here as well.
test.each(['echo.request', 'proxy.endpoints'])('an empty body is no input: %s', async (path) => {
  expect(await byHandler(request(path, ''))).toMatchObject({ status: 200, body: { result: {} } });
});

test.each([
  { path: 'email.status', title: 'a call' },
  { path: 'email.status?batch=1', title: 'a batch' },
])('an empty body is no input, so $title that requires one fails with invalid_input', async ({ path }) => {
  const { status, body } = await byHandler(request(path, ''));
  expect(status).toBe(400);
  expect([body].flat()).toMatchObject([{ error: { json: { data: { reason: 'invalid_input' } } } }]);
});

test('in a batch, an input that cannot be deserialized fails only its own call', async () => {
  const bad = '{"json":1,"meta":{"values":[["typed-array","Int8Array"]]}}';
  const { status, body } = await byHandler(
    request('echo.body,echo.body?batch=1', `{"0":${bad},"1":{"json":2}}`),
  );
  expect(status).toBe(207);
  expect(body).toMatchObject([
    { error: { json: { data: { reason: 'invalid_input' } } } },
    { result: { data: { json: { res: 2 } } } },
  ]);
});
