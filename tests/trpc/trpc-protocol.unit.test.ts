import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { expect, test } from 'vitest';
import { routeHandler } from '#server/http/route-handlers.ts';
import { services } from '#server/services.ts';
import { createInnerContext } from '#server/trpc/context.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { appRouter } from '#server/trpc/router.ts';
import { withServices } from '#tests/http/support/in-process.ts';

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
  { title: 'a value with types', path: 'fixture.body', body: when },
  { title: 'an empty object', path: 'fixture.body', body: '{}' },
  { title: 'a batch', path: 'fixture.body,fixture.body?batch=1', body: `{"0":${when},"1":{"json":2}}` },
  { title: 'a batch of one', path: 'fixture.body?batch=1', body: `{"0":${when}}` },
  { title: 'a batch without an input', path: 'fixture.body,fixture.body?batch=1', body: '{"1":{"json":2}}' },
  {
    title: 'a batch whose inputs are an array',
    path: 'fixture.body,fixture.body?batch=1',
    body: '[{"json":1},{"json":2}]',
  },
  { title: 'a batch in which one call fails', path: 'email.status,proxy.endpoints?batch=1', body: '{}' },
  { title: 'an input that the schema rejects', path: 'email.status', body: '{"json":{"id":7}}' },
  { title: 'a mail that does not exist', path: 'email.status', body: '{"json":{"id":"none"}}' },
  { title: 'an unknown procedure', path: 'no.such', body: '{}' },
  {
    title: 'an unknown procedure in a batch',
    path: 'no.such,fixture.body?batch=1',
    body: '{"1":{"json":2}}',
  },
  { title: 'an unknown procedure by GET', path: 'no.such' },
])("$title: the response is that of tRPC's own adapter", async ({ path, body }) => {
  expect(await byHandler(request(path, body))).toEqual(await byAdapter(request(path, body)));
});

// tRPC 11.19 rejects it. From 11.25 on, the adapter can be compared here as well.
test.each(['fixture.request', 'proxy.endpoints', 'proxy.endpoints?batch=1'])(
  'an empty body is no input: %s',
  async (path) => {
    const { status, body } = await byHandler(request(path, ''));
    expect(status).toBe(200);
    expect([body].flat()).toMatchObject([{ result: {} }]);
  },
);

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
    request('fixture.body,fixture.body?batch=1', `{"0":${bad},"1":{"json":2}}`),
  );
  expect(status).toBe(207);
  expect(body).toMatchObject([
    { error: { json: { data: { reason: 'invalid_input' } } } },
    { result: { data: { json: { res: 2 } } } },
  ]);
});

test.each([
  { title: 'an input without json', path: 'fixture.body', body: '{"a":1}' },
  { title: 'a text', path: 'fixture.body', body: '"text"' },
  { title: 'a list', path: 'fixture.body', body: '[1]' },
  { title: 'further keys beside json', path: 'fixture.body', body: '{"json":1,"name":"x"}' },
  { title: 'an input with a field named meta', path: 'fixture.body', body: '{"meta":{"a":1}}' },
  { title: 'an input in the URL', path: 'email.status?input={"id":"x"}' },
  { title: 'an input in a batch', path: 'fixture.body?batch=1', body: '{"0":{"a":1}}' },
])('$title is rejected with how to wrap it', async ({ path, body }) => {
  const response = await byHandler(request(path, body));
  expect(response.status).toBe(400);
  expect(JSON.stringify(response.body)).toContain('wrap the input in \\"json\\"');
});

test.each([
  { title: 'an input without an index', body: '{"json":1}' },
  { title: 'more inputs than calls', body: '{"0":{"json":1},"1":{"json":2},"2":{"json":3}}' },
  { title: 'an index with a leading space', body: '{" 0":{"json":1}}' },
  { title: 'an index with a leading zero', body: '{"00":{"json":1}}' },
  { title: 'an input for the call after the last one', body: '{"2":{"json":1}}' },
])('in a batch, $title is rejected, because it belongs to no call', async ({ body }) => {
  const response = await byHandler(request('fixture.body,fixture.body?batch=1', body));
  expect(response.status).toBe(400);
  expect(JSON.stringify(response.body)).toContain('by the index of the call');
});

test.each([
  { title: 'a body', path: 'fixture.body', body: '{', message: 'The body is not valid JSON in UTF-8.' },
  { title: 'a parameter', path: 'email.status?input={', message: 'The parameter input is not valid JSON.' },
])('$title with invalid JSON is rejected', async ({ path, body, message }) => {
  expect(await byHandler(request(path, body))).toMatchObject({
    status: 400,
    body: { error: { json: { message, data: { reason: 'invalid_input' } } } },
  });
});

test.each([
  'application/json; charset=utf8',
  'application/json;',
  'application/json; odata=verbose',
  'Application/JSON ; charset="UTF-8"; profile="a;b"',
  'application/json; charset=iso-8859-1',
])('parameters of the content type have no effect: %s', async (contentType) => {
  const post = (body: BodyInit) =>
    byHandler(
      new Request('http://localhost:3000/api/trpc/fixture.body', {
        method: 'POST',
        headers: { 'content-type': contentType },
        body,
      }),
    );
  expect(await post('{"json":"ä"}')).toMatchObject({ body: { result: { data: { json: { res: 'ä' } } } } });
  // A body that is not UTF-8 is rejected and not changed.
  expect(await post(Buffer.from('{"json":"ä"}', 'latin1'))).toMatchObject({ status: 400 });
});
