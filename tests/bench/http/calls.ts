import superjson from 'superjson';
import type { Call } from '../support/load.ts';

/** Headers that a browser sends from the product's own pages. */
export const json = { 'content-type': 'application/json', accept: '*/*' };

const sample = { hello: 'world', tags: ['a', 'b'], nested: { count: 3, ok: true } };
const sampleWithDate = { ...sample, when: new Date('2026-03-29T12:00:00.000Z') };

export function trpcPost(procedure: string, input: unknown, status = 200): Call {
  const body = JSON.stringify(superjson.serialize(input));
  return { method: 'POST', path: `/api/trpc/${procedure}`, headers: json, body, status };
}

function trpcBatch(procedure: string, inputs: readonly unknown[]): Call {
  const wireInputs = Object.fromEntries(inputs.map((input, index) => [index, superjson.serialize(input)]));
  return {
    method: 'POST',
    path: `/api/trpc/${inputs.map(() => procedure).join(',')}?batch=1`,
    headers: json,
    body: JSON.stringify(wireInputs),
    status: 200,
  };
}

/** The same mutation in each protocol. One of the values is a date, except for Hono, whose JSON has no dates. */
export const mutation = {
  trpc: trpcPost('fixture.body', sampleWithDate),
  hono: {
    method: 'POST',
    path: '/api/hono/echo/body',
    headers: json,
    body: JSON.stringify({ json: { ...sample, when: '2026-03-29T12:00:00.000Z' } }),
    status: 200,
  },
  orpc: {
    method: 'POST',
    path: '/api/orpc/echo/body',
    headers: json,
    // Type code 1 of oRPC's serializer is Date.
    body: JSON.stringify({ json: { ...sample, when: '2026-03-29T12:00:00.000Z' }, meta: [[1, 'when']] }),
    status: 200,
  },
} as const satisfies Record<string, Call>;

export const query = {
  trpc: { method: 'GET', path: '/api/trpc/fixture.request', status: 200 },
  hono: { method: 'GET', path: '/api/hono/echo/request', status: 200 },
  // oRPC procedures accept GET only when configured to.
  orpc: { method: 'POST', path: '/api/orpc/echo/request', headers: json, body: '{}', status: 200 },
} as const satisfies Record<string, Call>;

const ten = Array.from({ length: 10 }, () => sampleWithDate);

/** Ten of the mutation in one request. Hono has no batches. */
export const batchOfTen = {
  trpc: trpcBatch('fixture.body', ten),
  hono: undefined,
  orpc: {
    method: 'POST',
    path: '/api/orpc/__batch__',
    headers: { ...json, 'x-orpc-batch': 'buffered' },
    body: JSON.stringify(
      ten.map(() => ({
        url: 'http://localhost/api/orpc/echo/body',
        body: JSON.parse(mutation.orpc.body),
      })),
    ),
    status: 207,
  },
} as const satisfies Record<string, Call | undefined>;
