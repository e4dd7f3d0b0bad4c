import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { checkBody, createAdmission, kindOf, type NextRequestKind } from '#server/node-server/admission.ts';

const { pages, overloadRetryAfterSeconds } = limits.nodeServer;

test.each<[string, NextRequestKind]>([
  ['/', 'page'],
  ['/posts/a', 'page'],
  ['/posts/a.b', 'page'],
  ['/posts/', 'redirect'],
  ['//', 'redirect'],
  ['/a//b', 'redirect'],
  ['//contact/send', 'redirect'],
  ['/contact/send', 'form'],
  ['/contact/send/', 'redirect'],
  ['/contact/sends', 'page'],
  ['/contact', 'page'],
  ['/favicon.ico', 'file'],
  ['/icon.', 'page'],
  ['/_next/static/a/b.js', 'file'],
  ['/_next', 'page'],
  ['/a/_next/b', 'page'],
])('%s is a %s', (path, kind) => {
  expect(kindOf(path)).toBe(kind);
});

function request(method: string, headers: Record<string, string> = {}): IncomingMessage {
  return Object.assign(new IncomingMessage(new Socket()), { method, headers });
}

describe('a request for Next', () => {
  const bytes = (length: number) => ({ 'content-length': String(length) });
  const chunked = { 'transfer-encoding': 'chunked' };
  const form = limits.formBodyBytes;

  test.each<[NextRequestKind, string, Record<string, string>]>([
    ['page', 'GET', {}],
    ['page', 'HEAD', {}],
    ['page', 'GET', bytes(0)],
    ['file', 'GET', {}],
    ['form', 'POST', bytes(0)],
    ['form', 'POST', bytes(form)],
    ['redirect', 'POST', bytes(1_000_000_000)],
    ['redirect', 'DELETE', chunked],
  ])('for a %s by %s with %j is accepted', (kind, method, headers) => {
    expect(() => checkBody(request(method, headers), kind)).not.toThrow();
  });

  test.each<[NextRequestKind, string, Record<string, string>, object]>([
    ['page', 'POST', bytes(0), { reason: 'method_not_allowed', headers: { allow: 'GET, HEAD' } }],
    ['file', 'PUT', {}, { reason: 'method_not_allowed', headers: { allow: 'GET, HEAD' } }],
    ['page', 'GET', bytes(1), { reason: 'invalid_input', message: 'Send no body.' }],
    ['page', 'GET', chunked, { reason: 'invalid_input', message: 'Send no body.' }],
    ['form', 'GET', {}, { reason: 'method_not_allowed', headers: { allow: 'POST' } }],
    ['form', 'POST', chunked, { reason: 'invalid_input', message: 'Send a Content-Length.' }],
    ['form', 'POST', bytes(form + 1), { reason: 'payload_too_large' }],
  ])('for a %s by %s with %j is rejected', (kind, method, headers, error) => {
    expect(() => checkBody(request(method, headers), kind)).toThrow(expect.objectContaining(error));
  });
});

describe('the admission', () => {
  /** Creates an admission whose clients have this rate limit, and a function that asks for a client. */
  function testAdmission({ allowed = true, trustedHops = 1 } = {}) {
    const charge = vi.fn(async (name: 'page' | 'light' | 'upstream' | 'mail', _bucket: string) => ({
      name,
      allowed,
      points: 10,
      remaining: 0,
      resetSeconds: 42,
      windowSeconds: 60,
    }));
    const rateLimited = vi.fn();
    const admit = createAdmission({ trustedHops, rateLimiter: { charge }, metrics: { rateLimited } });
    const ask = async (kind: NextRequestKind, client = '192.0.2.1') => {
      const message = request('GET', { 'x-forwarded-for': `${client}, 192.0.2.100` });
      const response = new ServerResponse(message);
      return { response, overload: await admit(message, response, kind) };
    };
    return { admit, ask, charge, rateLimited };
  }

  test('charges a page to the bucket of its client, and nothing else', async () => {
    const { ask, charge } = testAdmission();
    expect((await ask('page')).overload).toBeUndefined();
    expect(charge.mock.calls).toEqual([['page', 'visitor:192.0.2.1']]);
    for (const kind of ['file', 'form', 'redirect'] as const) await ask(kind);
    expect(charge).toHaveBeenCalledOnce();
  });

  test('rejects a page over the rate limit until it is reset, and counts it', async () => {
    const { ask, rateLimited } = testAdmission({ allowed: false });
    expect((await ask('page')).overload).toEqual({ status: 429, retryAfterSeconds: 42 });
    expect(rateLimited.mock.calls).toEqual([['page']]);
    expect((await ask('file')).overload).toBeUndefined();
  });

  test('takes no slot for a page over the rate limit', async () => {
    const limited = testAdmission({ allowed: false });
    for (let count = 0; count <= pages.total; count += 1) await limited.ask('page');
    limited.charge.mockResolvedValue({ ...(await limited.charge('page', '')), allowed: true });
    expect((await limited.ask('page')).overload).toBeUndefined();
  });

  test('rejects with 429 over the share of a client, and with 503 over the total', async () => {
    const { ask, rateLimited } = testAdmission();
    const retryAfterSeconds = overloadRetryAfterSeconds;
    const clients = pages.total / pages.perClient;
    for (let client = 0; client < clients; client += 1) {
      for (let count = 0; count < pages.perClient; count += 1) {
        expect((await ask('page', `192.0.2.${client}`)).overload).toBeUndefined();
      }
      expect((await ask('page', `192.0.2.${client}`)).overload).toEqual({ status: 429, retryAfterSeconds });
    }
    expect((await ask('page', '192.0.2.99')).overload).toEqual({ status: 503, retryAfterSeconds });
    expect(rateLimited).not.toHaveBeenCalled();
    // Files have slots of their own.
    expect((await ask('file')).overload).toBeUndefined();
  });

  test('gives a slot back when the response is closed, also before it was admitted', async () => {
    const { admit, ask } = testAdmission();
    const responses = [];
    for (let count = 0; count < pages.perClient; count += 1) responses.push((await ask('page')).response);
    expect((await ask('page')).overload).toMatchObject({ status: 429 });
    responses[0]?.emit('close');
    const closed = request('GET', { 'x-forwarded-for': '192.0.2.1, 192.0.2.100' });
    await admit(closed, new ServerResponse(closed).destroy(), 'page');
    expect((await ask('page')).overload).toBeUndefined();
    expect((await ask('page')).overload).toMatchObject({ status: 429 });
  });
});
