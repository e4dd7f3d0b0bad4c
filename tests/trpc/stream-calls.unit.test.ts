import { getEventListeners } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, test, vi } from 'vitest';
import type { RequestScope } from '#server/observability/request-scope.ts';
import { services } from '#server/services.ts';
import { createInnerContext } from '#server/trpc/context.ts';
import { streamCalls } from '#server/trpc/http/stream-calls.ts';
import { withServices } from '#tests/http/support/in-process.ts';

withServices();

/** Starts a batch of calls for the status of these mails. Each ends when `finish` is called for its mail. */
function startBatch(...ids: string[]) {
  const controller = new AbortController();
  const finished = new Map(ids.map((id) => [id, Promise.withResolvers<void>()]));
  const { mail, ...others } = services();
  const status = async (id: string) => {
    await finished.get(id)?.promise;
    return { id, status: 'sent' as const, attempts: 1, acceptedAt: new Date(0), sentAt: null };
  };
  const ctx = createInnerContext({
    services: { ...others, mail: { ...mail, status } },
    requestId: 'request-1',
  });
  const calls = {
    paths: ids.map(() => 'email.status'),
    isBatch: true,
    readInput: () => Object.fromEntries(ids.map((id, index) => [index, { json: { id } }])),
    isJson: true,
    ctx,
    signal: controller.signal,
    onError: vi.fn(),
  };
  return {
    scope: ctx.scope,
    onError: calls.onError,
    signal: controller.signal,
    abort: () => controller.abort(),
    finish: (id: string) => finished.get(id)?.resolve(),
    response: streamCalls(calls, ctx.scope),
  };
}

function readerOf(body: unknown) {
  if (!(body instanceof Readable)) throw new Error('the response is not streamed');
  const chunks = body.iterator();
  return {
    body,
    /** Returns the index of the call of each line of the next chunk, and `head` for the first line. */
    async next(): Promise<unknown[]> {
      const { value, done } = await chunks.next();
      if (done) return [];
      const lines = String(value).trimEnd().split('\n');
      return lines.map((line) => {
        const { json } = JSON.parse(line);
        return Array.isArray(json) ? json[0] : 'head';
      });
    },
  };
}

const isPending = async (promise: Promise<unknown>) =>
  (await Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 20, 'pending'))])) === 'pending';

async function ended({ streamed }: RequestScope): Promise<void> {
  if (!streamed) throw new Error('the response is not streamed');
  await streamed;
}

describe('a streamed batch', () => {
  test('begins with the first result, and has each of the others as soon as its call has ended', async () => {
    const { response, finish, scope } = startBatch('a', 'b', 'c');
    expect(await isPending(response)).toBe(true);
    finish('b');
    const { status, headers, body } = await response;
    expect({ status, headers }).toEqual({
      status: 200,
      headers: {
        'content-type': 'application/jsonl',
        'cache-control': 'private, no-store',
        'x-accel-buffering': 'no',
      },
    });
    const reader = readerOf(body);
    expect(await reader.next()).toEqual(['head', 1]);
    const second = reader.next();
    expect(await isPending(second)).toBe(true);
    finish('c');
    expect(await second).toEqual([2]);
    expect(await isPending(ended(scope))).toBe(true);
    finish('a');
    expect(await reader.next()).toEqual([0]);
    expect(await reader.next()).toEqual([]);
    await ended(scope);
  });

  test('has the results that are ready at the same time in one chunk', async () => {
    const { response, finish } = startBatch('a', 'b');
    finish('a');
    const { body } = await response;
    finish('b');
    await new Promise((resolve) => setTimeout(resolve, 20));
    const reader = readerOf(body);
    expect(await reader.next()).toEqual(['head', 0, 1]);
    expect(await reader.next()).toEqual([]);
  });

  test('counts the bytes of its results', async () => {
    const { response, finish, scope } = startBatch('a', 'ä');
    finish('a');
    finish('ä');
    const { body } = await response;
    const text = body instanceof Readable ? String(Buffer.concat(await body.toArray())) : '';
    const [head = '', ...lines] = text.split('\n');
    expect(head).not.toBe('');
    expect(scope.bytesOut).toBe(Buffer.byteLength(lines.join('\n')));
  });

  test('ends when its client leaves', async () => {
    const { response, finish, abort, scope } = startBatch('a', 'b');
    finish('a');
    const { body } = await response;
    abort();
    await ended(scope);
    expect(readerOf(body).body.destroyed).toBe(true);
    finish('b');
  });

  test('that has ended waits no longer for its client to leave', async () => {
    const { response, finish, signal, scope } = startBatch('a', 'b');
    finish('a');
    finish('b');
    const { body } = await response;
    if (body instanceof Readable) await body.toArray();
    await ended(scope);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
