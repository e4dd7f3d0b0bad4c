import { expect } from 'vitest';
import { type ErrorReason, errorReasons } from '#server/errors.ts';
import { type ErrorBody, expectError, post } from '#tests/support/call.ts';
import { failureLine, type LoggedError } from '#tests/support/log-lines.ts';
import type { Product } from '#tests/support/product.ts';
import type { Fault, StandIn } from '#tests/support/upstreams/index.ts';

/** Text in the responses of a failing upstream that must not reach a caller. */
export const secret = 'the-upstreams-own-words-5b1f';
export const errorBody = JSON.stringify({ error: true, reason: secret, message: secret });

export function status(code: number, headers: Record<string, string> = {}): Fault {
  return { kind: 'status', status: code, body: errorBody, headers };
}

export function body(text: string, contentType = 'application/json'): Fault {
  return { kind: 'body', body: text, contentType };
}

/** Inputs with a place or a repository that no earlier call used, so that nothing is cached. */
let used = 0;
export const freshInputs = {
  'fixture.reading': () => ({ lat: 10, lng: (used++ % 300) / 10 }),
  'proxy.items.versions': () => ({ params: { owner: 'trpc', repo: `r${used++}` } }),
};
export type FailingCall = keyof typeof freshInputs;

export const failingCalls = ['fixture.reading', 'proxy.items.versions'] as const;

export function standInOf({ upstreams }: Product, call: FailingCall): StandIn {
  return call === 'fixture.reading' ? upstreams.readings : upstreams.items;
}

/** Asserts that body and headers contain neither text nor address of the upstream. */
export function expectNothingLeaked(url: string, response: Response, { text }: ErrorBody): void {
  const everything = [text, ...response.headers].join('\n');
  expect(everything).not.toContain(secret);
  expect(everything).not.toContain('127.0.0.1');
  expect(everything).not.toContain(`:${new URL(url).port}`);
}

/** Asserts that a logged error is the caller's message, once, followed by the cause, and has no stack. */
export function expectCauseWithoutStack(err: LoggedError | undefined, reason: ErrorReason): void {
  const [before, ...causes] = err?.message.split(`${errorReasons[reason].message}: `) ?? [];
  expect(before).toBe('');
  expect(causes).toEqual([expect.stringMatching(/./)]);
  expect(err).not.toHaveProperty('stack');
}

/** Asserts the error response and the log line of a call whose upstream has this fault. */
export async function expectFailure(
  product: Product,
  call: FailingCall,
  expected: { fault: Fault; reason: ErrorReason; retryAfterSeconds?: number | undefined },
): Promise<void> {
  const { fault, reason, retryAfterSeconds } = expected;
  const standIn = standInOf(product, call);
  standIn.fault(fault);
  const response = await post(product, call, freshInputs[call]());
  const error = await expectError(response, { reason, path: call });
  expectNothingLeaked(standIn.url, response, error);
  expect(error.data.retryAfterSeconds).toBe(retryAfterSeconds);
  expect(response.headers.get('retry-after')).toBe(
    retryAfterSeconds === undefined ? null : String(retryAfterSeconds),
  );

  const line = await failureLine(product, error.data.requestId);
  expect(line).toMatchObject({ level: 'error', reason });
  expectCauseWithoutStack(line.err, reason);
}
