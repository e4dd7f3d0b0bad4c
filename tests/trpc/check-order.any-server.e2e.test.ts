import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { ErrorReason } from '#server/errors.ts';
import { sendBytes } from '#tests/http/support/raw-socket.ts';
import { toWire } from '#tests/http/support/wire.ts';
import { readError } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

type Request = { method: string; path: string; query: string; headers: Record<string, string>; body: string };

/** One change per rule, in the order of the checks. Each breaks its own rule and none of the earlier ones. */
const broken: { rule: string; reason: ErrorReason; change: (request: Request) => Request }[] = [
  { rule: 'method', reason: 'method_not_allowed', change: (r) => ({ ...r, method: 'DELETE' }) },
  { rule: 'path', reason: 'invalid_input', change: (r) => ({ ...r, path: `${r.path}%` }) },
  {
    rule: 'content type',
    reason: 'unsupported_media_type',
    change: (r) => ({ ...r, headers: { ...r.headers, 'content-type': 'text/plain' } }),
  },
  {
    rule: 'content encoding',
    reason: 'unsupported_media_type',
    change: (r) => ({ ...r, headers: { ...r.headers, 'content-encoding': 'gzip' } }),
  },
  {
    rule: 'origin',
    reason: 'cross_origin',
    change: (r) => ({ ...r, headers: { ...r.headers, origin: 'https://evil.example' } }),
  },
  {
    rule: 'batch size',
    reason: 'batch_too_large',
    change: (r) => ({
      ...r,
      path: `${r.path}${',fixture.body'.repeat(limits.batchSize)}`,
      query: '?batch=1',
    }),
  },
  {
    rule: 'query length',
    reason: 'uri_too_long',
    change: (r) => ({ ...r, query: `${r.query || '?'}&${'q'.repeat(limits.queryBytes)}` }),
  },
  {
    rule: 'key',
    reason: 'unauthorized',
    change: (r) => ({ ...r, headers: { ...r.headers, authorization: 'Bearer unknown' } }),
  },
  {
    rule: 'body size',
    reason: 'payload_too_large',
    change: (r) => ({ ...r, body: `"${'a'.repeat(limits.jsonBodyBytes)}"` }),
  },
  { rule: 'input', reason: 'invalid_input', change: (r) => ({ ...r, body: `{${r.body}` }) },
];

const valid: Request = {
  method: 'POST',
  path: '/api/trpc/fixture.body',
  query: '',
  headers: { 'content-type': 'application/json' },
  body: '{"json":1}',
};

async function send(request: Request) {
  const { responses, ended } = await sendBytes(
    product.baseUrl,
    toWire({
      ...request,
      headers: Object.entries(request.headers),
      body: new TextEncoder().encode(request.body),
    }),
  );
  expect(ended).toBe('closed');
  const [response] = responses;
  if (!response) throw new Error('there was no response');
  return response;
}

test('a request that breaks no rule gets a 200', async () => {
  expect((await send(valid)).status).toBe(200);
});

test.each(broken)('breaking only the rule $rule: $reason', async ({ change, reason }) => {
  const { text } = await send(change(valid));
  expect(readError(JSON.parse(text)).data.reason).toBe(reason);
});

const pairs = broken.flatMap((first, index) => broken.slice(index + 1).map((second) => ({ first, second })));

describe('breaking two rules: the first is reported', () => {
  test.each(
    pairs.map(({ first, second }) => ({ title: `${first.rule} before ${second.rule}`, first, second })),
  )('$title', async ({ first, second }) => {
    const { text } = await send(second.change(first.change(valid)));
    expect(readError(JSON.parse(text)).data.reason).toBe(first.reason);
  });
});

test('breaking all rules from one on: that one is reported', async () => {
  for (const [index, { rule, reason }] of broken.entries()) {
    const request = broken.slice(index).reduce((request, { change }) => change(request), valid);
    const { text } = await send(request);
    expect(readError(JSON.parse(text)).data.reason, rule).toBe(reason);
  }
});

describe('the query without the question mark', () => {
  const sendQuery = (query: string) =>
    send({ ...valid, method: 'GET', path: '/api/trpc/fixture.request', query: `?${query}`, body: '' });

  test('may have exactly 8 KB', async () => {
    expect((await sendQuery(`q=${'q'.repeat(8190)}`)).status).toBe(200);
  });

  test('must not have one byte more', async () => {
    const { status, text } = await sendQuery(`q=${'q'.repeat(8191)}`);
    expect(status).toBe(414);
    expect(readError(JSON.parse(text)).data).toMatchObject({
      reason: 'uri_too_long',
      path: 'fixture.request',
    });
  });
});
