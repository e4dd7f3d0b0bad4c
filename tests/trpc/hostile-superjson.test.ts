import { beforeAll, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { checkAnswer } from '../http/support/answers.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

async function echo(body: string) {
  const response = await fetch(`${product.baseUrl}/api/trpc/echo.body`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Each level twice the one below, by reference: 2^n values written out. */
function doublings(levels: number): string {
  const names = Array.from({ length: levels + 1 }, (_, level) => `l${level}`);
  const json = Object.fromEntries(names.map((name) => [name, { a: null, b: null }]));
  const referentialEqualities = Object.fromEntries(
    names.slice(0, -1).map((name, level) => [name, [`l${level + 1}.a`, `l${level + 1}.b`]]),
  );
  return JSON.stringify({ json, meta: { referentialEqualities } });
}

test('references that double at each level are not written out: the answer is no larger than a body', async () => {
  // 14 levels, 700 bytes; at 30 the process would be gone.
  const answer = await echo(doublings(14));
  checkAnswer(answer, { mayCallUpstream: false });
  expect(answer.text.length).toBeLessThanOrEqual(2 * limits.jsonBodyBytes);
});

test('a typed array made from a number is not allocated', async () => {
  // A million; with a thousand millions the process would be gone.
  const answer = await echo('{"json":1000000,"meta":{"values":[["typed-array","Int8Array"]]}}');
  checkAnswer(answer, { mayCallUpstream: false });
  expect(answer.text.length).toBeLessThanOrEqual(2 * limits.jsonBodyBytes);
});

test.each([100, 500, 1000, 1500, 2000, 3000, 5000, 10_000, 32_000])(
  '%d arrays in each other are echoed or refused, never a 500',
  async (depth) => {
    const answer = await echo(`{"json":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    checkAnswer(answer, { mayCallUpstream: false });
    expect([200, 400]).toContain(answer.status);
  },
);

test('a value that contains itself is echoed or refused, never a 500', async () => {
  const answer = await echo('{"json":{"a":null},"meta":{"referentialEqualities":[["a"]]}}');
  checkAnswer(answer, { mayCallUpstream: false });
});
