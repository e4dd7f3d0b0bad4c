import { createHash } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { withPageSpan } from '#server/node-server/page-span.ts';
import { currentTrace } from '#server/observability/trace-context.ts';
import { tracing } from '#server/observability/tracing/span.ts';
import { recordSpans } from '#tests/support/fake-tracer.ts';

const spans = recordSpans();

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const key = 'key-of-another-service';
const serviceKeys = [{ name: 'robot', sha256: createHash('sha256').update(key).digest(), scopes: [] }];

/** Serves a page, and returns its response and the trace that Next ran in. */
async function servePage(headers: Record<string, string> = {}) {
  const message = Object.assign(new IncomingMessage(new Socket()), {
    method: 'GET',
    url: '/posts/a',
    headers,
  });
  const response = new ServerResponse(message);
  const seen: unknown[] = [];
  await withPageSpan(message, response, { origin: 'https://site.example', serviceKeys }, async () => {
    seen.push(currentTrace.getStore());
  });
  return { response, seen };
}

test('a page is a span without its path, which ends with the response', async () => {
  const { response, seen } = await servePage();
  expect(spans).toMatchObject([{ name: 'GET page', kind: 'server', parent: undefined, ends: 0 }]);
  expect(spans[0]?.attributes).toEqual({ 'http.request.method': 'GET', 'http.route': 'page' });
  expect(seen).toMatchObject([{ spanId: spans[0]?.spanId }]);
  response.statusCode = 304;
  vi.spyOn(response, 'writableFinished', 'get').mockReturnValue(true);
  response.emit('close');
  expect(spans).toMatchObject([{ failed: undefined, ends: 1 }]);
  expect(spans[0]?.attributes['http.response.status_code']).toBe(304);
});

test('a page that failed is a failed span', async () => {
  const { response } = await servePage();
  response.statusCode = 500;
  vi.spyOn(response, 'writableFinished', 'get').mockReturnValue(true);
  response.emit('close');
  expect(spans).toMatchObject([{ failed: '500', ends: 1 }]);
});

test.each([200, 500])(
  'a client that left before the response with status %d was complete has the status 499',
  async (status) => {
    const { response } = await servePage();
    response.statusCode = status;
    response.emit('close');
    expect(spans).toMatchObject([{ failed: undefined, ends: 1 }]);
    expect(spans[0]?.attributes['http.response.status_code']).toBe(499);
  },
);

test('a page continues the trace of its caller, of which only a service decides whether it is recorded', async () => {
  await servePage({ traceparent });
  await servePage({ traceparent, authorization: `Bearer ${key}` });
  expect(spans).toMatchObject([
    { parent: { traceId }, parentFrom: 'untrusted' },
    { parent: { traceId }, parentFrom: 'service' },
  ]);
});

test('without tracing, a page runs in the trace of its caller, if there is one', async () => {
  tracing.tracer = undefined;
  expect((await servePage({ traceparent })).seen).toMatchObject([{ traceId }]);
  expect((await servePage()).seen).toEqual([undefined]);
  expect(spans).toEqual([]);
});
