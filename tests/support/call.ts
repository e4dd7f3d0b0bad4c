import { type Agent, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import superjson, { type SuperJSONResult } from 'superjson';
import { expect } from 'vitest';
import { z } from 'zod';
import { possibleErrors } from '#server/catalog/possible-errors.ts';
import { type ErrorReason, errorReasons } from '#server/errors.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { proxyAuthorization } from './proxy-key.ts';

type WithBaseUrl = { baseUrl: string };

const superjsonSchema = z.custom<SuperJSONResult>(
  (value) => typeof value === 'object' && value !== null && 'json' in value,
);
const successSchema = z.strictObject({ result: z.strictObject({ data: superjsonSchema }) });

/** The error response of the contract: no field may be missing and no other field may be present. */
const errorSchema = z.strictObject({
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

export type ErrorBody = z.output<typeof errorSchema>['error']['json'] & { text: string };

/**
 * Makes a call with plain fetch, like any HTTP client. A call of the proxy that requires a service key carries that of
 * the tests.
 */
export function post(
  { baseUrl }: WithBaseUrl,
  path: string,
  input?: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${baseUrl}/api/trpc/${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(procedures.get(path)?.meta.scope?.startsWith('proxy.') ? proxyAuthorization : {}),
      ...headers,
    },
    body: JSON.stringify(superjson.serialize(input)),
  });
}

/** Makes several calls in one POST. */
export function postBatch({ baseUrl }: WithBaseUrl, calls: readonly [path: string, input: unknown][]) {
  return fetch(`${baseUrl}/api/trpc/${calls.map(([path]) => path).join(',')}?batch=1`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(
      Object.fromEntries(calls.map(([, input], index) => [index, superjson.serialize(input)])),
    ),
  });
}

/** Returns the result of a successful response, with its types restored. */
export async function resultOf(response: Response): Promise<unknown> {
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return readResult(JSON.parse(text));
}

export function readResult(body: unknown): unknown {
  return superjson.deserialize(successSchema.parse(body).result.data);
}

export function readError(body: unknown) {
  return errorSchema.parse(body).error.json;
}

/**
 * Asserts that a response is exactly the error response for this reason and, for a procedure, that the catalog lists
 * the reason.
 */
export async function expectError(
  response: Response,
  expected: { reason: ErrorReason; path?: string | null },
): Promise<ErrorBody> {
  const text = await response.text();
  const { httpStatus, code, message } = errorReasons[expected.reason];
  expect(response.status, text).toBe(httpStatus);
  expect(response.headers.get('content-type')).toMatch(/^application\/json\b/);
  expect(response.headers.get('cache-control')).toMatch(/\bno-store\b/);
  const json = readError(JSON.parse(text));
  expect(json.data).toMatchObject({ reason: expected.reason, code, httpStatus });
  expect(response.headers.get('x-request-id')).toBe(json.data.requestId);
  if (expected.path !== undefined) expect(json.data.path).toBe(expected.path);
  if (httpStatus >= 500) expect(json.message).toBe(message);
  const procedure = procedures.get(json.data.path ?? '');
  if (procedure) {
    const listed = possibleErrors(procedure).map(({ reason }) => reason);
    expect(listed, `the catalog's errors of ${json.data.path}`).toContain(expected.reason);
  }
  return { ...json, text };
}

/** Makes a request with node:http that fetch cannot make: chunks without a length, unnormalized paths. */
export function rawRequest(
  { baseUrl }: WithBaseUrl,
  options: {
    method: string;
    path: string;
    headers?: Record<string, string>;
    chunks?: readonly string[];
    /** Reuses connections. Without it each request opens its own. */
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
