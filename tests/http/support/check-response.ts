import { expect } from 'vitest';
import { z } from 'zod';
import { readError } from '#tests/support/call.ts';

const superjsonSchema = z.strictObject({ json: z.unknown().optional(), meta: z.unknown().optional() });
const successSchema = z.strictObject({ result: z.strictObject({ data: superjsonSchema }) });

/** A line of a streamed batch. */
const lineSchema = z.strictObject({ json: z.unknown(), meta: z.unknown().optional() });
/** A streamed batch of one call, or a rejected streamed batch. */
const singleLineSchema = z.strictObject({
  error: z.unknown().optional(),
  json: z.record(z.string(), z.unknown()),
  meta: z.unknown().optional(),
});

/** Asserts that a body is one tRPC result or error response; for a batch, an array of them. */
function checkBody(body: unknown, requestId: string): void {
  if (Array.isArray(body)) {
    for (const item of body) checkBody(item, requestId);
    return;
  }
  if (successSchema.safeParse(body).success) return;
  expect(readError(body).data.requestId).toBe(requestId);
}

export type CheckedResponse = { status: number; headers: Headers; text: string };

/** Asserts the invariants of every API response, for any request. */
export function checkResponse(
  { status, headers, text }: CheckedResponse,
  request: { mayCallUpstream: boolean },
): void {
  expect(status).toBeGreaterThanOrEqual(200);
  if (status >= 500) {
    expect([502, 503, 504]).toContain(status);
    expect(request.mayCallUpstream, `${status} without an upstream: ${text.slice(0, 300)}`).toBe(true);
  }
  const requestId = headers.get('x-request-id') ?? '';
  expect(requestId).toMatch(/^[\w.:-]{8,128}$/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  if (status === 204) {
    expect(text).toBe('');
    return;
  }
  expect(headers.get('cache-control')).toMatch(/\bno-store\b/);
  if (headers.get('content-type') === 'application/jsonl') {
    expect(status).toBe(200);
    for (const line of text.trim().split('\n')) lineSchema.parse(JSON.parse(line));
    return;
  }
  expect(headers.get('content-type')).toMatch(/^application\/json\b/);
  const body: unknown = JSON.parse(text);
  if (singleLineSchema.safeParse(body).success) return;
  checkBody(body, requestId);
  if (status >= 400 && !Array.isArray(body)) expect(readError(body).data.httpStatus).toBe(status);
}

/** Returns whether a path names a procedure that calls an upstream. */
export function mayCallUpstream(path: string): boolean {
  return /forecast|places|reading|search|proxy/.test(path);
}
