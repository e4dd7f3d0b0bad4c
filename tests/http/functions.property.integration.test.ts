import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routeHandler } from '#server/http/route-handlers.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { checkResponse, mayCallUpstream } from './support/check-response.ts';
import { withServices } from './support/in-process.ts';
import { type RequestParts, toRequest } from './support/request-parts.ts';
import { requestArbitrary } from './support/requests.ts';

const callTrpc = routeHandler(handleTrpc);

withServices();

const unhandled: unknown[] = [];
const recordRejection = (reason: unknown) => unhandled.push(reason);
beforeAll(() => {
  process.on('unhandledRejection', recordRejection);
});
afterAll(() => {
  process.off('unhandledRejection', recordRejection);
});

async function expectValidResponse(parts: RequestParts): Promise<void> {
  const response = await callTrpc(toRequest(parts));
  const { status, headers } = response;
  checkResponse(
    { status, headers, text: await response.text() },
    { mayCallUpstream: mayCallUpstream(parts.path) },
  );
}

test('any request to the tRPC handler gets a result or an error response', {
  timeout: 120_000,
}, async () => {
  await fc.assert(fc.asyncProperty(requestArbitrary, expectValidResponse), { numRuns: 8_000 });
  expect(unhandled).toEqual([]);
});

test('any path gets a valid response', { timeout: 60_000 }, async () => {
  const anyPath = fc.webPath().map((path) => (path.startsWith('/') ? path : `/${path}`));
  await fc.assert(
    fc.asyncProperty(requestArbitrary, anyPath, (parts, path) => expectValidResponse({ ...parts, path })),
    { numRuns: 3000 },
  );
  expect(unhandled).toEqual([]);
});

test('hostile superjson metadata does not pollute a prototype', async () => {
  const before = Reflect.ownKeys(Object.prototype);
  for (const path of ['__proto__.polluted', 'constructor.prototype.polluted', 'a.__proto__.polluted']) {
    for (const meta of [{ values: { [path]: ['Date'] } }, { referentialEqualities: { a: [path] } }]) {
      await expectValidResponse({
        method: 'POST',
        path: '/api/trpc/fixture.body',
        query: '',
        headers: [['content-type', 'application/json']],
        body: new TextEncoder().encode(JSON.stringify({ json: { a: {} }, meta })),
      });
    }
  }
  expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
});
