/** tRPC's own clients, with the links that its documentation and create-t3-app use. */
import {
  createTRPCClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  httpSubscriptionLink,
  splitLink,
  type TRPCLink,
} from '@trpc/client';
import { jsonlStreamConsumer } from '@trpc/server/unstable-core-do-not-import';
import superjson from 'superjson';
import { EventSource } from 'undici';
import { beforeAll, describe, expect, test } from 'vitest';
import { errorData } from '#client/errors.ts';
import { limits } from '#server/config/limits.ts';
import type { ErrorReason } from '#server/errors.ts';
import type { AppRouter } from '#server/trpc/router.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

type Options = { headers?: Record<string, string>; methodOverride?: 'POST'; maxItems?: number };

const links: Record<string, (options: Options) => TRPCLink<AppRouter>> = {
  httpLink: ({ maxItems, ...options }) => httpLink(withUrl(options)),
  httpBatchLink: (options) => httpBatchLink(withUrl(options)),
  httpBatchStreamLink: (options) => httpBatchStreamLink(withUrl(options)),
  'httpBatchStreamLink with streamHeader': (options) =>
    httpBatchStreamLink({ ...withUrl(options), streamHeader: 'accept' }),
  splitLink: ({ maxItems, ...options }) =>
    splitLink({
      condition: ({ type }) => type === 'query',
      true: httpBatchStreamLink(withUrl(options)),
      false: httpLink(withUrl(options)),
    }),
};

const withUrl = (options: Options) => ({
  ...options,
  url: `${product.baseUrl}/api/trpc`,
  transformer: superjson,
  headers: { 'x-trpc-source': 'nextjs-react', ...options.headers },
});

const clientOf = (link: TRPCLink<AppRouter> | undefined) =>
  createTRPCClient<AppRouter>({ links: link ? [link] : [] });

const sent = {
  at: new Date('2026-03-29T12:00:00.000Z'),
  tags: new Set(['a', 'b']),
  counts: new Map([['x', 2n]]),
  missing: undefined,
  'a.b': [new Date(0)],
};

describe.each(Object.keys(links))('%s', (name) => {
  const client = (options: Options = {}) => clientOf(links[name]?.(options));

  test('restores the types of outputs', async () => {
    const seen = await client().fixture.request.query();
    expect(seen.receivedAt).toBeInstanceOf(Date);
    const { at } = sent;
    for (const input of [sent, at, undefined, null, 'text', [at, at], { twice: [sent, sent] }]) {
      expect(await client().fixture.body.mutate(input)).toEqual({ res: input });
    }
  });

  test('several calls at once get their own results and errors', async () => {
    const api = client();
    const results = await Promise.allSettled([
      api.fixture.request.query(),
      api.email.status.query({ id: 'no-such-mail' }),
      api.fixture.request.query(),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(errorData(results[1]?.status === 'rejected' && results[1].reason)).toMatchObject({
      reason: 'not_found',
      httpStatus: 404,
      path: 'email.status',
    });
    const echoed = await Promise.all([1, sent, 3].map((input) => api.fixture.body.mutate(input)));
    expect(echoed).toEqual([{ res: 1 }, { res: sent }, { res: 3 }]);
  });

  test('sends sensitive queries by POST with methodOverride', async () => {
    const api = client({ methodOverride: 'POST' });
    const [forecast, places] = await Promise.all([
      api.fixture.reading.query({ lat: 52.52, lng: 13.41, days: 1 }),
      api.fixture.search.query({ name: 'Berlin' }),
    ]);
    expect(forecast.hourly[0]?.time).toBeInstanceOf(Date);
    expect(places[0]?.name).toBe('Berlin');
    // Cached, so that the serialized parts are reused.
    const cached = await api.fixture.reading.query({ lat: 52.52, lng: 13.41, days: 1 });
    expect(cached.hourly).toEqual(forecast.hourly);
  });

  type Rejected = {
    title: string;
    reason: ErrorReason;
    call: (api: ReturnType<typeof client>) => Promise<unknown>;
  } & Options;
  const rejected: Rejected[] = [
    {
      title: 'an unknown key',
      reason: 'unauthorized',
      headers: { authorization: 'Bearer wrong' },
      call: (api) => api.fixture.request.query(),
    },
    {
      title: 'a call without a key',
      reason: 'unauthorized',
      methodOverride: 'POST',
      call: (api) => api.mail.list.query({}),
    },
    {
      title: 'a large input',
      reason: 'payload_too_large',
      call: (api) => api.fixture.body.mutate('x'.repeat(limits.jsonBodyBytes)),
    },
    {
      title: 'a long input in the URL',
      reason: 'uri_too_long',
      call: (api) => api.email.status.query({ id: 'x'.repeat(limits.queryBytes) }),
    },
    {
      title: 'an invalid input',
      reason: 'invalid_input',
      methodOverride: 'POST',
      call: (api) => api.fixture.reading.query({ lat: 91, lng: 0 }),
    },
    {
      title: 'a sensitive query by GET',
      reason: 'method_not_allowed',
      call: (api) => api.fixture.reading.query({ lat: 1, lng: 1 }),
    },
    {
      title: 'a foreign page',
      reason: 'cross_origin',
      headers: { origin: 'https://evil.example' },
      call: (api) => api.fixture.body.mutate(1),
    },
  ];
  test.each(rejected)('$title fails with $reason', async ({ title, call, ...options }) => {
    const error: unknown = await call(client(options)).catch((cause: unknown) => cause);
    expect(errorData(error)).toMatchObject({ reason: options.reason, requestId: expect.any(String) });
  });
});

describe.each(['httpBatchLink', 'httpBatchStreamLink'])('%s', (name) => {
  const callMany = (options: Options) => {
    const api = clientOf(links[name]?.(options));
    return Promise.allSettled(
      Array.from({ length: limits.batchSize + 1 }, (_, index) => api.fixture.body.mutate(index)),
    );
  };

  test('every call of a batch that is too large fails, and the message names the option to set', async () => {
    for (const result of await callMany({})) {
      const error: unknown = result.status === 'rejected' ? result.reason : undefined;
      expect(errorData(error)?.reason).toBe('batch_too_large');
      expect(String(error)).toContain(`maxItems: ${limits.batchSize}`);
    }
  });

  test('with maxItems the batch is split', async () => {
    const results = await callMany({ maxItems: limits.batchSize });
    expect(results.map(({ status }) => status)).toEqual(results.map(() => 'fulfilled'));
  });
});

/** Sends a batch and reads it as JSON lines, whatever its status is, as tRPC's clients before version 11.14 do. */
async function readLines(path: string, init: RequestInit): Promise<{ status: number; results: unknown[] }> {
  const response = await fetch(`${product.baseUrl}/api/trpc/${path}?batch=1`, {
    ...init,
    headers: { 'content-type': 'application/json', 'trpc-accept': 'application/jsonl', ...init.headers },
  });
  if (!response.body) throw new Error('the response has no body');
  const [head] = await jsonlStreamConsumer<Record<string, Promise<unknown>>>({
    from: response.body,
    deserialize: superjson.deserialize,
    abortController: new AbortController(),
  });
  return { status: response.status, results: await Promise.all(Object.values(head)) };
}

const error = (reason: ErrorReason) => ({ error: { data: { reason } } });

test.each([
  { title: 'a call', path: 'email.status', init: {}, status: 400, result: error('invalid_input') },
  {
    title: 'a batch',
    path: 'nothing.here,fixture.request',
    init: {},
    status: 200,
    result: error('not_found'),
  },
  {
    title: 'a batch with an unknown key',
    path: 'fixture.request,fixture.request,fixture.request',
    init: { headers: { authorization: 'Bearer wrong' } },
    status: 401,
    result: error('unauthorized'),
  },
  {
    title: 'a large body',
    path: 'fixture.body%2Cecho.body',
    init: { method: 'POST', body: 'x'.repeat(limits.jsonBodyBytes + 1) },
    status: 413,
    result: error('payload_too_large'),
  },
])('an early client of tRPC 11 can read the errors of $title', async ({ path, init, status, result }) => {
  const read = await readLines(path, init);
  expect(read.status).toBe(status);
  expect(read.results).toHaveLength(path.split(/,|%2C/).length);
  expect(read.results[0]).toMatchObject(result);
});

test('a rejected batch of thousands of calls gets a small response', async () => {
  const path = Array(4_000).fill('a').join();
  const { results } = await readLines(path, {});
  expect(results).toHaveLength(10 * limits.batchSize);
});

describe('a subscription', () => {
  test('works with httpSubscriptionLink, and ends', async () => {
    const api = clientOf(
      httpSubscriptionLink({ url: `${product.baseUrl}/api/trpc`, transformer: superjson, EventSource }),
    );
    const { id } = await clientOf(links.httpLink?.({})).email.send.mutate({
      email: 'visitor@visitor.example',
      contents: 'Hello',
    });
    const items: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      api.email.watch.subscribe(
        { id },
        { onData: (item) => items.push(item), onError: reject, onComplete: resolve },
      );
    });
    expect(items.at(-1)).toMatchObject({
      id: 'sent.1',
      data: { id, status: 'sent', sentAt: expect.any(Date) },
    });
  });

  test('is neither compressed nor held back, although the client would take it compressed', async () => {
    const controller = new AbortController();
    const response = await fetch(`${product.baseUrl}/api/trpc/proxy.watch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-encoding': 'gzip, deflate, br, zstd' },
      body: '{}',
      signal: controller.signal,
    });
    expect(response.headers.get('content-encoding')).toBeNull();
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      // The stream stays open.
      if (text.includes('\nid: ')) break;
    }
    expect(text).toContain('"name":"items"');
    controller.abort();
  });
});
