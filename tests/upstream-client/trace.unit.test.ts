import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { currentTrace, parseTraceparent } from '#server/observability/trace-context.ts';
import { defineUpstream } from '#server/upstream-client/declaration.ts';
import type { Upstream } from '#server/upstream-client/endpoint.ts';
import { json, ok, respondOk, startRawServer, wire } from './raw-server.ts';
import { clientOf } from './support.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const tracestate = 'vendor=opaque';
const caller = parseTraceparent(traceparent, tracestate);

function upstreamAt(origin: string, marks: Pick<Upstream, 'internal' | 'headers'> = {}) {
  return defineUpstream({
    name: 'sample',
    title: 'Sample',
    origin: () => origin,
    ...marks,
    endpoints: {
      thing: {
        method: 'GET',
        template: '/thing',
        summary: 'A thing',
        description: 'JSON.',
        answer: { kind: 'json', schema: z.object({ ok: z.boolean() }) },
        example: {},
      },
      bytes: {
        method: 'GET',
        template: '/bytes',
        summary: 'Bytes',
        description: 'As they come.',
        answer: { kind: 'raw', mediaTypes: ['application/json'], fileName: 'bytes.json' },
        example: {},
      },
    },
  });
}

const traceOf = (head = '') => ({
  traceparent: /^traceparent: (.*)$/im.exec(head)?.[1]?.trim(),
  tracestate: /^tracestate: (.*)$/im.exec(head)?.[1]?.trim(),
});
const none = { traceparent: undefined, tracestate: undefined };

test('an internal upstream gets the trace context in calls and streams', async () => {
  const { url, heads } = await startRawServer(respondOk);
  const upstream = upstreamAt(url, { internal: true });
  const client = clientOf();
  await currentTrace.run(caller, async () => {
    await client.request(upstream, upstream.endpoints.thing, {});
    const { signal } = new AbortController();
    const { body } = await client.stream(upstream, upstream.endpoints.bytes, { method: 'GET', signal });
    await text(body ?? Readable.from([]));
  });
  expect(heads.map(traceOf)).toEqual([
    { traceparent, tracestate },
    { traceparent, tracestate },
  ]);
});

test.each([{}, { internal: false }])('an upstream with the marks %j gets no trace context', async (marks) => {
  const { url, heads } = await startRawServer(respondOk);
  const upstream = upstreamAt(url, marks);
  const client = clientOf();
  await currentTrace.run(caller, () => client.request(upstream, upstream.endpoints.thing, {}));
  await currentTrace.run(caller, () => client.fetchJson('feed', `${url}/feed.json`));
  expect(heads.map(traceOf)).toEqual([none, none]);
});

test('an internal upstream gets no trace context without a trace', async () => {
  const { url, heads } = await startRawServer(respondOk);
  const upstream = upstreamAt(url, { internal: true });
  await clientOf().request(upstream, upstream.endpoints.thing, {});
  expect(heads.map(traceOf)).toEqual([none]);
});

test('a retry has the trace context too', async () => {
  const { url, heads } = await startRawServer((socket) => {
    socket.end(heads.length === 1 ? wire('500 Internal Server Error', json) : wire('200 OK', json, ok));
  });
  const upstream = upstreamAt(url, { internal: true });
  await currentTrace.run(caller, () => clientOf().request(upstream, upstream.endpoints.thing, {}));
  expect(heads.map(traceOf)).toEqual([
    { traceparent, tracestate },
    { traceparent, tracestate },
  ]);
});

test.each(['traceparent', 'tracestate', 'baggage'])(
  'no endpoint can forward %s from the caller',
  (header) => {
    expect(() =>
      defineUpstream({
        ...upstreamAt('http://localhost'),
        endpoints: {
          thing: { ...upstreamAt('http://localhost').endpoints.thing, requestHeaders: [header] },
        },
      }),
    ).toThrow('must not be sent to an upstream');
  },
);
