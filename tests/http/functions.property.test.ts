import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { routeHandler } from '#server/http/route-handlers.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { checkAnswer, mayCallUpstream } from './support/answers.ts';
import { withServices } from './support/in-process.ts';
import { sentArbitrary } from './support/requests.ts';
import { type Sent, toRequest } from './support/sent.ts';

const callTrpc = routeHandler(handleTrpc);

withServices();

const unhandled: unknown[] = [];
const note = (reason: unknown) => unhandled.push(reason);
beforeAll(() => {
  process.on('unhandledRejection', note);
});
afterAll(() => {
  process.off('unhandledRejection', note);
});

async function answered(sent: Sent): Promise<void> {
  const response = await callTrpc(toRequest(sent));
  const { status, headers } = response;
  checkAnswer(
    { status, headers, text: await response.text() },
    { mayCallUpstream: mayCallUpstream(sent.path) },
  );
}

test('whatever is asked of the door, it answers with a result or the envelope', {
  timeout: 120_000,
}, async () => {
  await fc.assert(fc.asyncProperty(sentArbitrary, answered), { numRuns: 15_000 });
  expect(unhandled).toEqual([]);
});

test('any path at all is answered', { timeout: 60_000 }, async () => {
  const anyPath = fc.webPath().map((path) => (path.startsWith('/') ? path : `/${path}`));
  await fc.assert(
    fc.asyncProperty(sentArbitrary, anyPath, (sent, path) => answered({ ...sent, path })),
    { numRuns: 3000 },
  );
  expect(unhandled).toEqual([]);
});

test('hostile metadata reaches no prototype', async () => {
  const before = Reflect.ownKeys(Object.prototype);
  for (const path of ['__proto__.polluted', 'constructor.prototype.polluted', 'a.__proto__.polluted']) {
    for (const meta of [{ values: { [path]: ['Date'] } }, { referentialEqualities: { a: [path] } }]) {
      await answered({
        method: 'POST',
        path: '/api/trpc/echo.body',
        query: '',
        headers: [['content-type', 'application/json']],
        body: new TextEncoder().encode(JSON.stringify({ json: { a: {} }, meta })),
      });
    }
  }
  expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
});
