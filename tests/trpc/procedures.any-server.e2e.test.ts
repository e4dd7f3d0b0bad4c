import { beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { createScriptClient, errorData } from '#client/node.ts';
import { post, postBatch, readError, readResult, resultOf } from '#tests/support/call.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
let api: ReturnType<typeof createScriptClient>;

beforeAll(async () => {
  product = await sharedProduct();
  api = createScriptClient({ baseUrl: product.baseUrl });
});

const allTypes = {
  date: new Date('2026-03-29T01:30:00.123Z'),
  map: new Map<unknown, unknown>([
    ['key', new Set([1, 2])],
    [3n, new Date(0)],
  ]),
  set: new Set(['a', new Map([['inner', undefined]])]),
  big: -(2n ** 80n),
  nothing: undefined,
  none: null,
  numbers: [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY],
  text: 'äöü 🌍 "quoted" \u0000 \u2028 </script>',
  deep: [{ a: [{ b: new Date(1) }] }],
};

describe('fixture.body', () => {
  test('by fetch returns its input with all types preserved', async () => {
    const result = await resultOf(await post(product, 'fixture.body', allTypes));
    expect(result).toStrictEqual({ res: allTypes });
  });

  test('by the script client returns the same', async () => {
    expect(await api.fixture.body.mutate(allTypes)).toStrictEqual({ res: allTypes });
  });

  const wholeInputs = [null, undefined, 0, false, '', [], {}].map((input) => ({ input }));
  test.each(wholeInputs)('accepts $input as the whole input', async ({ input }) => {
    expect(await resultOf(await post(product, 'fixture.body', input))).toStrictEqual({ res: input });
    expect(await api.fixture.body.mutate(input)).toStrictEqual({ res: input });
  });

  test('a __proto__ key does not pollute a prototype', async () => {
    await fetch(`${product.baseUrl}/api/trpc/fixture.body`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"json":{"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}},"meta":{"values":{"__proto__.polluted":["Date"]}}}',
    });
    const later = await (await post(product, 'fixture.body', {})).text();
    expect(JSON.parse(later)).toEqual({ result: { data: { json: { res: {} } } } });
  });
});

describe('fixture.request', () => {
  const seenSchema = z.strictObject({
    method: z.string(),
    pathname: z.string(),
    requestId: z.string(),
    userAgent: z.string().nullable(),
    receivedAt: z.date(),
  });

  test('by GET returns the request as the server received it', async () => {
    const before = Date.now();
    const response = await fetch(`${product.baseUrl}/api/trpc/fixture.request`, {
      headers: { 'user-agent': 'a-reader/1.0' },
    });
    const seen = seenSchema.parse(await resultOf(response));
    expect(seen).toMatchObject({
      method: 'GET',
      pathname: '/api/trpc/fixture.request',
      userAgent: 'a-reader/1.0',
    });
    expect(seen.requestId).toBe(response.headers.get('x-request-id'));
    expect(seen.receivedAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(seen.receivedAt.getTime()).toBeLessThanOrEqual(Date.now());
  });

  test('by POST returns the method POST', async () => {
    const seen = seenSchema.parse(await resultOf(await post(product, 'fixture.request')));
    expect(seen.method).toBe('POST');
  });

  test('by the script client sends the headers of the client', async () => {
    const named = createScriptClient({
      baseUrl: product.baseUrl,
      headers: () => ({ 'user-agent': 'my-script', 'x-request-id': 'script-run-0001' }),
    });
    const seen = await named.fixture.request.query();
    expect(seen).toMatchObject({ method: 'POST', userAgent: 'my-script', requestId: 'script-run-0001' });
    expect(seen.receivedAt).toBeInstanceOf(Date);
  });
});

describe('email.send and email.status', () => {
  const receiptSchema = z.strictObject({
    id: z.uuid(),
    messageId: z.string().regex(/^<[^<>@]+@[^<>@]+>$/),
    status: z.enum(['queued', 'sending', 'sent']),
    duplicate: z.literal(false),
  });
  const stateSchema = z.strictObject({
    id: z.string(),
    status: z.enum(['queued', 'sending', 'sent', 'dead', 'held']),
    attempts: z.int().min(0),
    acceptedAt: z.date(),
    sentAt: z.date().nullable(),
  });
  const draft = { email: 'ada@visitor.example', contents: 'Hello', name: 'Ada', subject: 'A question' };

  test('a mail sent as JSON is accepted and delivered, and its status contains none of its contents', async () => {
    const receipt = receiptSchema.parse(await resultOf(await post(product, 'email.send', draft)));
    const state = await vi.waitFor(
      async () => {
        const state = stateSchema.parse(
          await resultOf(await post(product, 'email.status', { id: receipt.id })),
        );
        expect(state.status).toBe('sent');
        return state;
      },
      { timeout: 10_000, interval: 20 },
    );
    expect(state).toMatchObject({ id: receipt.id, attempts: 1 });
    expect(state.sentAt).toBeInstanceOf(Date);
  });

  test('a mail sent as a multipart form is accepted, and an empty field counts as absent', async () => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...draft, subject: '' })) form.set(name, value);
    const response = await fetch(`${product.baseUrl}/api/trpc/email.send`, { method: 'POST', body: form });
    const { id } = receiptSchema.parse(await resultOf(response));
    expect(await api.email.status.query({ id })).toMatchObject({ id });
  });

  test('a mail sent by the script client is accepted', async () => {
    const receipt = await api.email.send.mutate(draft);
    receiptSchema.parse(receipt);
    stateSchema.parse(await api.email.status.query({ id: receipt.id }));
  });

  test('email.status is public and works by GET with the id in the URL', async () => {
    const { id } = await api.email.send.mutate(draft);
    const input = encodeURIComponent(JSON.stringify({ json: { id } }));
    const response = await fetch(`${product.baseUrl}/api/trpc/email.status?input=${input}`);
    expect(stateSchema.parse(await resultOf(response)).id).toBe(id);
  });
});

describe('batches', () => {
  test('ten calls of the script client are sent in one request', async () => {
    let requests = 0;
    const counted = createScriptClient({
      baseUrl: product.baseUrl,
      headers: () => {
        requests += 1;
        return {};
      },
    });
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) => counted.fixture.body.mutate(new Set([index]))),
    );
    expect(results).toStrictEqual(Array.from({ length: 10 }, (_, index) => ({ res: new Set([index]) })));
    expect(requests).toBe(1);
  });

  test('an eleventh call is sent in a second request', async () => {
    const seen = await Promise.all(Array.from({ length: 11 }, () => api.fixture.request.query()));
    expect(new Set(seen.map(({ requestId }) => requestId)).size).toBe(2);
  });

  test('public queries are batched in one GET', async () => {
    const response = await fetch(`${product.baseUrl}/api/trpc/fixture.request,fixture.request?batch=1`);
    expect(response.status).toBe(200);
    const results = z
      .array(z.unknown())
      .parse(await response.json())
      .map(readResult);
    expect(results).toHaveLength(2);
    for (const result of results) {
      expect(result).toMatchObject({ method: 'GET', requestId: response.headers.get('x-request-id') });
    }
  });

  test('successes and failures have separate responses in one batch', async () => {
    const response = await postBatch(product, [
      ['fixture.body', new Date(5)],
      ['email.send', { email: 'nobody', contents: '' }],
      ['nothing.here', undefined],
    ]);
    expect(response.status).toBe(207);
    const [first, ...others] = z.array(z.unknown()).parse(await response.json());
    expect(readResult(first)).toStrictEqual({ res: new Date(5) });
    const failures = others.map((item) => readError(item).data);
    expect(failures).toMatchObject([
      {
        reason: 'invalid_input',
        path: 'email.send',
        fieldErrors: { email: expect.any(Array), contents: expect.any(Array) },
      },
      { reason: 'not_found', path: 'nothing.here' },
    ]);
    for (const { requestId } of failures) expect(requestId).toBe(response.headers.get('x-request-id'));
  });

  test('the script client settles each call separately', async () => {
    const [good, bad] = await Promise.allSettled([
      api.fixture.request.query(),
      api.email.status.query({ id: 'unknown' }),
    ]);
    expect(good.status).toBe('fulfilled');
    expect(bad.status === 'rejected' && errorData(bad.reason)).toMatchObject({
      reason: 'not_found',
      httpStatus: 404,
      path: 'email.status',
    });
  });

  test('sensitive queries are batched by POST', async () => {
    const response = await postBatch(product, [
      ['fixture.search', { name: 'Berlin', count: 1 }],
      ['proxy.endpoints', undefined],
    ]);
    const results = z
      .array(z.unknown())
      .parse(await response.json())
      .map(readResult);
    expect(results).toMatchObject([[{ name: 'Berlin' }], expect.any(Array)]);
  });
});
