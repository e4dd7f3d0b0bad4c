import { createTRPCClient } from '@trpc/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { isApiError } from '#client/errors.ts';
import { liveLink } from '#client/live-link.ts';
import type { AppRouter } from '#server/trpc/router.ts';

/** A request of the link, and the response that a test gives. */
type Sent = {
  url: string;
  inputs: Record<string, { json?: Record<string, unknown> }>;
  signal: AbortSignal;
  /** Responds with a stream, or with an error. */
  respond(status?: number, headers?: Record<string, string>, body?: string): void;
  fail(): void;
  push(text: string): void;
  end(): void;
};

let sent: Sent[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  sent = [];
  vi.stubGlobal('fetch', (url: string, { body, signal }: { body: string; signal: AbortSignal }) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const stream = new ReadableStream<Uint8Array>({
      start(started) {
        controller = started;
      },
    });
    signal.addEventListener('abort', () => {
      reject(signal.reason);
      try {
        controller?.error(signal.reason);
      } catch {
        // It has ended before.
      }
    });
    sent.push({
      url,
      inputs: JSON.parse(body),
      signal,
      respond: (status = 200, headers = {}, text = '') =>
        resolve(new Response(status === 200 ? stream : text, { status, headers })),
      fail: () => reject(new TypeError('fetch failed')),
      push: (text) => controller?.enqueue(new TextEncoder().encode(text)),
      end: () => controller?.close(),
    });
    return promise;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const settle = () => vi.advanceTimersByTimeAsync(0);
const last = (): Sent => {
  const request = sent.at(-1);
  if (!request) throw new Error('no request was sent');
  return request;
};
const stateEvent = (call: number, id: string) =>
  `data: {"call":${call},"id":"${id}","data":{"json":{"id":"a","status":"${id}"}}}\n\n`;
const connected = 'retry: 1\nevent: connected\ndata: {}\n\n';
const problem = (httpStatus: number, more = {}) =>
  JSON.stringify({
    error: { json: { message: 'No.', code: -32000, data: { httpStatus, reason: 'x', code: 'X', ...more } } },
  });
const errorEvent = (call: number, httpStatus: number, more = {}) =>
  `data: ${JSON.stringify({ call, ...JSON.parse(problem(httpStatus, more)) })}\n\n`;

function client() {
  const api = createTRPCClient<AppRouter>({ links: [liveLink({ url: '/api/trpc' })] });
  return {
    watch(id: string) {
      const events: unknown[] = [];
      const subscription = api.email.watch.subscribe(
        { id },
        {
          onData: ({ id: eventId }) => events.push(eventId),
          onError: (error) => events.push(isApiError(error) ? error.message : error),
          onComplete: () => events.push('complete'),
        },
      );
      return { events, unsubscribe: () => subscription.unsubscribe() };
    },
  };
}

/** Begins one subscription whose stream is open. */
async function opened() {
  const watched = client().watch('a');
  await settle();
  last().respond();
  last().push(connected);
  await settle();
  return watched;
}

describe('the link of subscriptions', () => {
  test('sends those that begin together in one request, and gives each its events', async () => {
    const api = client();
    const [a, b] = [api.watch('a'), api.watch('b')];
    await settle();
    expect(sent.map(({ url }) => url)).toEqual(['/api/trpc/email.watch,email.watch?batch=1']);
    expect(last().inputs).toEqual({ 0: { json: { id: 'a' } }, 1: { json: { id: 'b' } } });
    last().respond();
    // Chunks end anywhere.
    const text = connected + stateEvent(1, 'sending') + stateEvent(0, 'sent');
    for (const part of [text.slice(0, 60), text.slice(60, 99), text.slice(99)]) last().push(part);
    last().push('data: {"call":0,"end":true}\n\n');
    await settle();
    expect([a.events, b.events]).toEqual([['sent', 'complete'], ['sending']]);
  });

  test('requests a new stream for one that begins later, with the id of the last event of the others', async () => {
    const api = client();
    const a = api.watch('a');
    await settle();
    last().respond();
    last().push(connected + stateEvent(0, 'queued'));
    await settle();
    const before = last();
    api.watch('b');
    await settle();
    expect(before.signal.aborted).toBe(true);
    expect(last().inputs).toEqual({
      0: { json: { id: 'a', lastEventId: 'queued' } },
      1: { json: { id: 'b' } },
    });
    expect(a.events).toEqual(['queued']);
  });

  test('ends its stream with the last subscription', async () => {
    const { unsubscribe } = await opened();
    unsubscribe();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(last().signal.aborted).toBe(true);
    expect(sent).toHaveLength(1);
  });

  test('ends its stream when the page is hidden for 30 seconds, and goes on when it is shown again', async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
    vi.stubGlobal('document', page);
    const change = (state: string) => {
      page.visibilityState = state;
      page.dispatchEvent(new Event('visibilitychange'));
    };
    await opened();
    last().push(stateEvent(0, 'queued'));
    change('hidden');
    await vi.advanceTimersByTimeAsync(29_999);
    last().push('event: ping\ndata:\n\n');
    change('visible');
    change('hidden');
    await vi.advanceTimersByTimeAsync(29_999);
    expect(last().signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(last().signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(sent).toHaveLength(1);
    change('visible');
    await settle();
    expect(sent).toHaveLength(2);
    expect(last().inputs).toEqual({ 0: { json: { id: 'a', lastEventId: 'queued' } } });
  });

  test('comes back after a stream that has ended, within a second', async () => {
    await opened();
    last().end();
    await vi.advanceTimersByTimeAsync(499);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
  });

  test('waits longer after each failure, and again the first time after an event', async () => {
    client().watch('a');
    await settle();
    for (const delay of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      const before = sent.length;
      last().fail();
      await vi.advanceTimersByTimeAsync(delay - 1);
      expect(sent, `after ${before} failures`).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(sent).toHaveLength(before + 1);
    }
    last().respond();
    last().push(connected + stateEvent(0, 'queued'));
    await settle();
    const before = sent.length;
    last().end();
    await vi.advanceTimersByTimeAsync(500);
    expect(sent).toHaveLength(before + 1);
  });

  test.each([429, 503, 500, 408])('waits as a %s says, and reports no failure', async (status) => {
    const { events } = client().watch('a');
    await settle();
    last().respond(status, { 'retry-after': '7' }, problem(status));
    await vi.advanceTimersByTimeAsync(7_499);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toHaveLength(2);
    expect(events).toEqual([]);
  });

  test.each([400, 401, 403, 404])('ends with a %s', async (status) => {
    const { events } = client().watch('a');
    await settle();
    last().respond(status, {}, problem(status));
    await vi.advanceTimersByTimeAsync(600_000);
    expect(events).toEqual(['No.']);
    expect(sent).toHaveLength(1);
  });

  test('ends one subscription by an error that is final, and tries again after one that is not', async () => {
    const api = client();
    const [a, b] = [api.watch('a'), api.watch('b')];
    await settle();
    last().respond();
    const { error } = JSON.parse(problem(404));
    last().push(`${connected}data: ${JSON.stringify({ call: 0, error })}\n\n`);
    last().push(`data: ${JSON.stringify({ call: 1, error: JSON.parse(problem(503)).error })}\n\n`);
    last().end();
    await vi.advanceTimersByTimeAsync(500);
    expect([a.events, b.events]).toEqual([['No.'], []]);
    expect(last().inputs).toEqual({ 0: { json: { id: 'b' } } });
  });

  test.each([429, 503])(
    'waits as the %s of one subscription says, and reports no failure',
    async (status) => {
      const { events } = await opened();
      last().push(errorEvent(0, status, { retryAfterSeconds: 7 }));
      last().end();
      await vi.advanceTimersByTimeAsync(7_499);
      expect(sent).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(sent).toHaveLength(2);
      expect(events).toEqual([]);
    },
  );

  test('waits longer each time the same subscription fails, while the stream goes on for the others', async () => {
    const api = client();
    const [a, b] = [api.watch('a'), api.watch('b')];
    await settle();
    for (const delay of [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]) {
      const before = last();
      before.respond();
      before.push(connected + stateEvent(1, 'queued') + errorEvent(0, 503));
      await vi.advanceTimersByTimeAsync(delay - 1);
      expect(before.signal.aborted).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(before.signal.aborted).toBe(true);
      // The next request begins with a timer of its own.
      await vi.advanceTimersByTimeAsync(1);
      expect(last()).not.toBe(before);
    }
    last().respond();
    last().push(connected + stateEvent(0, 'sent') + stateEvent(1, 'sent'));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(last().signal.aborted).toBe(false);
    expect(a.events).toEqual(['sent']);
    expect(b.events.at(-1)).toBe('sent');
  });

  test('polls after a third 429: the caller has all its streams elsewhere', async () => {
    client().watch('a');
    await settle();
    for (let streams = 0; streams < 3; streams += 1) {
      expect(last().url.endsWith('&once=1')).toBe(false);
      last().respond(429, { 'retry-after': '5' }, problem(429));
      await vi.advanceTimersByTimeAsync(5_000 + 500 * 2 ** streams);
    }
    expect(last().url.endsWith('&once=1')).toBe(true);
  });

  test('takes a stream that is silent for 40 seconds for dead, and a ping for life', async () => {
    await opened();
    for (let pings = 0; pings < 3; pings += 1) {
      await vi.advanceTimersByTimeAsync(30_000);
      last().push('event: ping\ndata:\n\n');
    }
    await vi.advanceTimersByTimeAsync(39_999);
    expect(last().signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(last().signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(500);
    expect(sent).toHaveLength(2);
  });

  test('polls after three streams that do not begin, and tries a stream again after five minutes', async () => {
    client().watch('a');
    const isPoll = () => last().url.endsWith('&once=1');
    for (let streams = 0; streams < 3; streams += 1) {
      await settle();
      expect(isPoll()).toBe(false);
      await vi.advanceTimersByTimeAsync(10_000 + 500 * 2 ** streams);
    }
    expect(isPoll()).toBe(true);
    for (let polls = 0; polls < 60; polls += 1) {
      expect(isPoll(), `poll ${polls}`).toBe(true);
      last().respond();
      last().push(connected + stateEvent(0, `state-${polls}`));
      last().end();
      await vi.advanceTimersByTimeAsync(5_000);
    }
    expect(isPoll()).toBe(false);
    await vi.advanceTimersByTimeAsync(10_500);
    expect(isPoll()).toBe(true);
  });

  test('tries a stream again although one subscription fails in each poll', async () => {
    client().watch('a');
    await settle();
    for (let streams = 0; streams < 3; streams += 1) {
      last().respond(429, {}, problem(429));
      await vi.advanceTimersByTimeAsync(500 * 2 ** streams);
    }
    for (let polls = 0; polls < 60; polls += 1) {
      expect(last().url.endsWith('&once=1'), `poll ${polls}`).toBe(true);
      last().respond();
      last().push(connected + errorEvent(0, 503));
      last().end();
      await vi.advanceTimersByTimeAsync(Math.min(15_000, 500 * 2 ** (polls + 3)));
    }
    expect(last().url.endsWith('&once=1')).toBe(false);
  });

  test('does not poll because the server was down', async () => {
    client().watch('a');
    await settle();
    for (let failures = 0; failures < 6; failures += 1) {
      last().respond(503, {}, problem(503));
      await vi.advanceTimersByTimeAsync(16_000);
    }
    expect(sent.some(({ url }) => url.includes('once'))).toBe(false);
  });

  test('refuses the eleventh subscription of a page', async () => {
    const api = client();
    const watched = Array.from({ length: 11 }, (_, index) => api.watch(String(index)));
    await settle();
    expect(Object.keys(last().inputs)).toHaveLength(10);
    expect(watched.at(-1)?.events).toEqual(['a page has at most 10 subscriptions']);
  });
});
