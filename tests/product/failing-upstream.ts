import { expect } from 'vitest';
import { type ErrorReason, errorReasons } from '#server/errors.ts';
import type { Product } from '#tests/support/product.ts';
import type { Fault, StandIn } from '#tests/support/upstreams/index.ts';
import { expectRefusal, post, type Refused } from './call.ts';
import { failureLine, type LoggedError } from './log-lines.ts';

/** What a failing upstream says, and no caller may read. */
export const secret = 'the-upstreams-own-words-5b1f';
export const problem = JSON.stringify({ error: true, reason: secret, message: secret });

export function status(code: number, headers: Record<string, string> = {}): Fault {
  return { kind: 'status', status: code, body: problem, headers };
}

export function body(text: string, contentType = 'application/json'): Fault {
  return { kind: 'body', body: text, contentType };
}

/** A place or a repository that no test has asked for before: nothing of it is in a cache. */
let asked = 0;
export const unasked = {
  'weather.forecast': () => ({ lat: 10, lng: (asked++ % 300) / 10 }),
  'proxy.github.releases': () => ({ params: { owner: 'trpc', repo: `r${asked++}` } }),
};
export type FailingCall = keyof typeof unasked;

export const failingCalls = ['weather.forecast', 'proxy.github.releases'] as const;

export function standInOf({ upstreams }: Product, call: FailingCall): StandIn {
  return call === 'weather.forecast' ? upstreams.openMeteo : upstreams.github;
}

/** Neither the upstream's words nor where it is, in the body and in the headers. */
export function expectNoWordOf(url: string, response: Response, { text }: Refused): void {
  const everything = [text, ...response.headers].join('\n');
  expect(everything).not.toContain(secret);
  expect(everything).not.toContain('127.0.0.1');
  expect(everything).not.toContain(`:${new URL(url).port}`);
}

/** What the caller was told, once, and then the cause, which it was not; no stack. */
export function expectCauseAlone(err: LoggedError | undefined, reason: ErrorReason): void {
  const [told, ...causes] = err?.message.split(`${errorReasons[reason].message}: `) ?? [];
  expect(told).toBe('');
  expect(causes).toEqual([expect.stringMatching(/./)]);
  expect(err).not.toHaveProperty('stack');
}

/** What callers and the log are told when the upstream of a call misbehaves. */
export async function expectFailure(
  product: Product,
  call: FailingCall,
  expected: { fault: Fault; reason: ErrorReason; retryAfterSeconds?: number | undefined },
): Promise<void> {
  const { fault, reason, retryAfterSeconds } = expected;
  const standIn = standInOf(product, call);
  standIn.fault(fault);
  const response = await post(product, call, unasked[call]());
  const refused = await expectRefusal(response, { reason, path: call });
  expectNoWordOf(standIn.url, response, refused);
  expect(refused.data.retryAfterSeconds).toBe(retryAfterSeconds);
  expect(response.headers.get('retry-after')).toBe(
    retryAfterSeconds === undefined ? null : String(retryAfterSeconds),
  );

  const line = await failureLine(product, refused.data.requestId);
  expect(line).toMatchObject({ level: 'error', reason });
  expectCauseAlone(line.err, reason);
}
