import { beforeAll, describe, expect, test } from 'vitest';
import { readError, readResult } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

async function post(path: string, body?: string) {
  const response = await fetch(`${product.baseUrl}/api/trpc/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  const json: unknown = await response.json();
  return { status: response.status, json };
}

/** As in tRPC 11.25. */
describe.each([
  ['no body', undefined],
  ['an empty body', ''],
])('a POST with %s has no input', (_, body) => {
  test('a procedure without input runs', async () => {
    const { status, json } = await post('fixture.request', body);
    expect(status).toBe(200);
    expect(readResult(json)).toMatchObject({ method: 'POST', pathname: '/api/trpc/fixture.request' });
  });

  test('a procedure with a required input responds with 400 invalid_input', async () => {
    const { status, json } = await post('email.status', body);
    expect(status).toBe(400);
    expect(readError(json).data).toMatchObject({
      reason: 'invalid_input',
      path: 'email.status',
      fieldErrors: { input: [expect.any(String)] },
    });
  });

  test('so do the calls of a batch', async () => {
    const { status, json } = await post('fixture.request,email.status?batch=1', body);
    expect(status).toBe(207);
    expect(json).toMatchObject([
      { result: {} },
      { error: { json: { data: { reason: 'invalid_input', httpStatus: 400 } } } },
    ]);
  });
});

test('a body of white space is not empty, and not JSON', async () => {
  const { status, json } = await post('fixture.request', ' ');
  expect(status).toBe(400);
  expect(readError(json).data.reason).toBe('invalid_input');
});
