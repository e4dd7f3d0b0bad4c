import { expect } from 'vitest';
import { z } from 'zod';
import { readEnvelope } from '#tests/product/call.ts';

const onWire = z.strictObject({ json: z.unknown().optional(), meta: z.unknown().optional() });
const success = z.strictObject({ result: z.strictObject({ data: onWire }) });

/** One result of tRPC or one envelope; in a batch an array of them. */
function checkBody(body: unknown, requestId: string): void {
  if (Array.isArray(body)) {
    for (const part of body) checkBody(part, requestId);
    return;
  }
  if (success.safeParse(body).success) return;
  expect(readEnvelope(body).data.requestId).toBe(requestId);
}

export type Answer = { status: number; headers: Headers; text: string };

/** What every answer of an API route must be, whatever was asked. */
export function checkAnswer({ status, headers, text }: Answer, asked: { mayCallUpstream: boolean }): void {
  expect(status).toBeGreaterThanOrEqual(200);
  if (status >= 500) {
    expect([502, 503, 504]).toContain(status);
    expect(asked.mayCallUpstream, `${status} without an upstream: ${text.slice(0, 300)}`).toBe(true);
  }
  const requestId = headers.get('x-request-id') ?? '';
  expect(requestId).toMatch(/^[\w.:-]{8,128}$/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  if (status === 204) {
    expect(text).toBe('');
    return;
  }
  expect(headers.get('content-type')).toMatch(/^application\/json\b/);
  expect(headers.get('cache-control')).toMatch(/\bno-store\b/);
  const body: unknown = JSON.parse(text);
  checkBody(body, requestId);
  if (status >= 400 && !Array.isArray(body)) expect(readEnvelope(body).data.httpStatus).toBe(status);
}

/** Whether a path names a procedure that asks another backend. */
export function mayCallUpstream(path: string): boolean {
  return /weather|proxy/.test(path);
}
