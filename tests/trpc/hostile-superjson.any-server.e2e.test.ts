import { beforeAll, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { checkResponse } from '#tests/http/support/check-response.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

async function echo(body: string) {
  const response = await fetch(`${product.baseUrl}/api/trpc/fixture.body`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Returns superjson in which each level refers twice to the one below: expanded, it has 2^levels values. */
function doublings(levels: number): string {
  const names = Array.from({ length: levels + 1 }, (_, level) => `l${level}`);
  const json = Object.fromEntries(names.map((name) => [name, { a: null, b: null }]));
  const referentialEqualities = Object.fromEntries(
    names.slice(0, -1).map((name, level) => [name, [`l${level + 1}.a`, `l${level + 1}.b`]]),
  );
  return JSON.stringify({ json, meta: { referentialEqualities } });
}

test('references that double at each level are not expanded: the response is not larger than a body', async () => {
  // 14 levels are 700 bytes. Expanding 30 levels would kill the process.
  const response = await echo(doublings(14));
  checkResponse(response, { mayCallUpstream: false });
  expect(response.text.length).toBeLessThanOrEqual(2 * limits.jsonBodyBytes);
});

test('a typed array whose length is a number is not allocated', async () => {
  // A million. Allocating a thousand million would kill the process.
  const response = await echo('{"json":1000000,"meta":{"values":[["typed-array","Int8Array"]]}}');
  checkResponse(response, { mayCallUpstream: false });
  expect(response.text.length).toBeLessThanOrEqual(2 * limits.jsonBodyBytes);
});

test.each([100, 500, 1000, 1500, 2000, 3000, 5000, 10_000, 32_000])(
  '%d nested arrays are echoed or rejected, never a 500',
  async (depth) => {
    const response = await echo(`{"json":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    checkResponse(response, { mayCallUpstream: false });
    expect([200, 400]).toContain(response.status);
  },
);

test('a value that contains itself is echoed or rejected, never a 500', async () => {
  const response = await echo('{"json":{"a":null},"meta":{"referentialEqualities":[["a"]]}}');
  checkResponse(response, { mayCallUpstream: false });
});

test.each([
  ['references to objects', '{"json":1,"meta":{"referentialEqualities":{"a":[{"toString":1}]}}}'],
  [
    'references to objects of the root',
    '{"json":1,"meta":{"referentialEqualities":[["a"],{"b":[{"toString":{}}]}]}}',
  ],
  ['references that are no list', '{"json":1,"meta":{"referentialEqualities":{"a":"b"}}}'],
  ['references that are a text', '{"json":1,"meta":{"referentialEqualities":"a"}}'],
  ['an annotated entry of a map', '{"json":[["a",["b"]]],"meta":{"values":["map",{"0":["set"]}]}}'],
])('%s are rejected', async (_, body) => {
  const { status, text } = await echo(body);
  expect([status, text]).toEqual([400, expect.stringContaining('invalid_input')]);
});
