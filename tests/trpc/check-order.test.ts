import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { ErrorReason } from '#server/errors.ts';
import { readEnvelope } from '#tests/product/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { sendBytes } from '../http/support/raw-socket.ts';
import { toWire } from '../http/support/wire.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

type Request = { method: string; path: string; query: string; headers: Record<string, string>; body: string };

/** One change for each rule, in the order in which they are asked: each breaks its rule and no earlier one. */
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
    change: (r) => ({ ...r, path: `${r.path}${',echo.body'.repeat(limits.batchSize)}`, query: '?batch=1' }),
  },
  {
    rule: 'query length',
    reason: 'uri_too_long',
    change: (r) => ({ ...r, query: `${r.query || '?'}&${'q'.repeat(limits.queryBytes)}` }),
  },
  {
    rule: 'body size',
    reason: 'payload_too_large',
    change: (r) => ({ ...r, body: `"${'a'.repeat(limits.jsonBodyBytes)}"` }),
  },
  { rule: 'input', reason: 'invalid_input', change: (r) => ({ ...r, body: `{${r.body}` }) },
];

const right: Request = {
  method: 'POST',
  path: '/api/trpc/echo.body',
  query: '',
  headers: { 'content-type': 'application/json' },
  body: '{"json":1}',
};

async function send(request: Request) {
  const { answers, ended } = await sendBytes(
    product.baseUrl,
    toWire({
      ...request,
      headers: Object.entries(request.headers),
      body: new TextEncoder().encode(request.body),
    }),
  );
  expect(ended).toBe('closed');
  const [answer] = answers;
  if (!answer) throw new Error('there was no answer');
  return answer;
}

test('the request that breaks no rule is answered', async () => {
  expect((await send(right)).status).toBe(200);
});

test.each(broken)('breaking the rule of $rule alone: $reason', async ({ change, reason }) => {
  const { text } = await send(change(right));
  expect(readEnvelope(JSON.parse(text)).data.reason).toBe(reason);
});

const pairs = broken.flatMap((first, at) => broken.slice(at + 1).map((second) => ({ first, second })));

describe('breaking two rules is refused for the first', () => {
  test.each(
    pairs.map(({ first, second }) => ({ title: `${first.rule} before ${second.rule}`, first, second })),
  )('$title', async ({ first, second }) => {
    const { text } = await send(second.change(first.change(right)));
    expect(readEnvelope(JSON.parse(text)).data.reason).toBe(first.reason);
  });
});

test('breaking every rule from one on is refused for that one', async () => {
  for (const [at, { rule, reason }] of broken.entries()) {
    const request = broken.slice(at).reduce((made, { change }) => change(made), right);
    const { text } = await send(request);
    expect(readEnvelope(JSON.parse(text)).data.reason, rule).toBe(reason);
  }
});

describe('the query, without its question mark', () => {
  const ask = (query: string) =>
    send({ ...right, method: 'GET', path: '/api/trpc/echo.request', query: `?${query}`, body: '' });

  test('of exactly 8 KB passes', async () => {
    expect((await ask(`q=${'q'.repeat(8190)}`)).status).toBe(200);
  });

  test('of one byte more is too long', async () => {
    const { status, text } = await ask(`q=${'q'.repeat(8191)}`);
    expect(status).toBe(414);
    expect(readEnvelope(JSON.parse(text)).data).toMatchObject({
      reason: 'uri_too_long',
      path: 'echo.request',
    });
  });
});
