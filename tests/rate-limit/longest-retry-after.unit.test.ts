import { expect, test, vi } from 'vitest';
import { routeHandler } from '#server/http/route-handlers.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';
import { withServices } from '#tests/http/support/in-process.ts';

const callTrpc = routeHandler(handleTrpc);

withServices();
vi.stubEnv('RATE_LIMITS', 'light=1/60,upstream=1/900');

const berlin = { lat: 52.52, lng: 13.41 };

/** Calls these procedures in one batch. Returns the response's Retry-After and the statuses of the calls. */
async function callBatch(procedures: readonly ('fixture.request' | 'fixture.reading')[]) {
  const inputs = procedures.flatMap((name, index) =>
    name === 'fixture.request' ? [] : [[index, { json: berlin }]],
  );
  const response = await callTrpc(
    new Request(`http://localhost:3000/api/trpc/${procedures}?batch=1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(Object.fromEntries(inputs)),
    }),
  );
  const results: { error?: { json: { data: { reason: string } } } }[] = await response.json();
  return {
    retryAfter: response.headers.get('retry-after'),
    reasons: results.map(({ error }) => error?.json.data.reason),
  };
}

test.each([[['fixture.request', 'fixture.reading']], [['fixture.reading', 'fixture.request']]] as const)(
  'Retry-After is the longest of several rejected calls: %j',
  async (procedures) => {
    await callBatch(procedures);
    const { retryAfter, reasons } = await callBatch(procedures);
    expect(reasons).toEqual(['rate_limited', 'rate_limited']);
    expect(Number(retryAfter)).toBeGreaterThan(60);
    expect(Number(retryAfter)).toBeLessThanOrEqual(900);
  },
);
