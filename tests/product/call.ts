import { type Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import superjson, { type SuperJSONResult } from 'superjson';
import { expect } from 'vitest';
import { z } from 'zod';
import { possibleErrors } from '#server/catalog/possible-errors.ts';
import { type ErrorReason, errorReasons } from '#server/errors.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';

type Served = { baseUrl: string };

const onWire = z.custom<SuperJSONResult>(
  (value) => typeof value === 'object' && value !== null && 'json' in value,
);
const successSchema = z.strictObject({ result: z.strictObject({ data: onWire }) });

/** The whole envelope of the contract: nothing may be missing and nothing else may stand in it. */
const envelopeSchema = z.strictObject({
  error: z.strictObject({
    json: z.strictObject({
      message: z.string().min(1),
      code: z.int().negative(),
      data: z.strictObject({
        code: z.string(),
        httpStatus: z.int(),
        path: z.string().nullable(),
        requestId: z.string().min(8),
        reason: z.custom<ErrorReason>((value) => typeof value === 'string' && value in errorReasons),
        fieldErrors: z.record(z.string(), z.array(z.string().min(1))).optional(),
        retryAfterSeconds: z.int().min(0).optional(),
      }),
    }),
  }),
});

export type Refused = z.output<typeof envelopeSchema>['error']['json'] & { text: string };

/** A call by plain fetch, as any HTTP client would make it. */
export function post(
  { baseUrl }: Served,
  path: string,
  input?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${baseUrl}/api/trpc/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(superjson.serialize(input)),
  });
}

/** Several calls in one POST. */
export function postBatch({ baseUrl }: Served, calls: readonly [path: string, input: unknown][]) {
  return fetch(`${baseUrl}/api/trpc/${calls.map(([path]) => path).join(',')}?batch=1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(
      Object.fromEntries(calls.map(([, input], index) => [index, superjson.serialize(input)])),
    ),
  });
}

/** What a successful answer carries, its types restored. */
export async function resultOf(response: Response): Promise<unknown> {
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return readResult(JSON.parse(text));
}

export function readResult(answer: unknown): unknown {
  return superjson.deserialize(successSchema.parse(answer).result.data);
}

export function readEnvelope(answer: unknown) {
  return envelopeSchema.parse(answer).error.json;
}

/**
 * Asserts that the answer is the full envelope of this reason, and of nothing else, and that the catalog tells of it
 * where it is a procedure's.
 */
export async function expectRefusal(
  response: Response,
  expected: { reason: ErrorReason; path?: string | null },
): Promise<Refused> {
  const text = await response.text();
  const { httpStatus, code, message } = errorReasons[expected.reason];
  expect(response.status, text).toBe(httpStatus);
  expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
  expect(response.headers.get('cache-control')).toMatch(/\bno-store\b/);
  const json = readEnvelope(JSON.parse(text));
  expect(json.data).toMatchObject({ reason: expected.reason, code, httpStatus });
  expect(response.headers.get('x-request-id')).toBe(json.data.requestId);
  if (expected.path !== undefined) expect(json.data.path).toBe(expected.path);
  if (httpStatus >= 500) expect(json.message).toBe(message);
  const procedure = procedures.get(json.data.path ?? '');
  if (procedure) {
    const told = possibleErrors(procedure).map(({ reason }) => reason);
    expect(told, `the catalog's errors of ${json.data.path}`).toContain(expected.reason);
  }
  return { ...json, text };
}

/** By node:http, for what fetch would not send: chunks without a length, paths as they are. */
export function rawRequest(
  { baseUrl }: Served,
  options: {
    method: string;
    path: string;
    headers?: Record<string, string>;
    chunks?: readonly string[];
    /** Keeps connections; without it each request has its own. */
    agent?: Agent;
  },
): Promise<Response> {
  const { method, path, headers = {}, chunks = [], agent = false } = options;
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers, agent }, (incoming) => {
      buffer(incoming).then((body) => {
        const { statusCode = 0, headersDistinct } = incoming;
        const pairs = Object.entries(headersDistinct).flatMap(([name, values = []]) =>
          values.map((value): [string, string] => [name, value]),
        );
        resolve(new Response(body, { status: statusCode, headers: pairs }));
      }, reject);
    });
    outgoing.on('error', reject);
    for (const chunk of chunks) outgoing.write(chunk);
    outgoing.end();
  });
}
