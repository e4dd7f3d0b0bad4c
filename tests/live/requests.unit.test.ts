import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { toResponse } from '#server/http/response.ts';
import { lifecycle } from '#server/process/lifecycle.ts';
import { services } from '#server/services.ts';
import { handleTrpc } from '#server/trpc/http/handler.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-live-'));
beforeAll(() => {
  vi.stubEnv('DATA_DIR', dataDir);
  vi.stubEnv('LOG_LEVEL', 'silent');
  vi.stubEnv('RATE_LIMITS', 'light=100000/60,mail=100000/60,mailSender=100000/60');
});
afterAll(async () => {
  await services().stop();
  rmSync(dataDir, { recursive: true, force: true });
});

async function send(path: string, init: RequestInit = {}): Promise<Response> {
  return toResponse(await handleTrpc(new Request(`http://localhost/api/trpc/${path}`, init)));
}

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** Opens a stream that ends with the test. */
async function open(path: string, body: unknown): Promise<Response> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  return send(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: controller.signal,
  });
}

async function newMail(): Promise<string> {
  const { id } = await services().mail.send({ email: 'visitor@visitor.example', contents: 'Hello' });
  return id;
}

const inputOf = (value: unknown) => ({ json: value });
const eventsOf = (text: string) => text.split('\n\n').filter((event) => event !== '');
const hello = ['retry: ', `event: connected\ndata: {"reconnectAfterInactivityMs":${limits.live.silence}}`];

describe('a stream', () => {
  test('has the events of tRPC, and no cache and no proxy keeps or changes it', async () => {
    const id = await newMail();
    const response = await send(
      `email.watch?once=1&input=${encodeURIComponent(JSON.stringify(inputOf({ id })))}`,
    );
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'private, no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const [first = '', item = '', ...rest] = eventsOf(await response.text());
    const [retry = '', ...connected] = first.split('\n');
    expect(Number(retry.slice('retry: '.length))).toBeGreaterThanOrEqual(limits.live.retryDelay.min);
    expect(connected.join('\n')).toBe(hello[1]);
    const [data = '', eventId] = item.split('\n');
    expect(JSON.parse(data.slice('data: '.length))).toMatchObject({ json: { id, status: 'queued' } });
    expect(eventId).toBe('id: queued.0');
    expect(rest).toEqual([]);
  });

  test.each([
    ['in the header', {}, { 'last-event-id': 'queued.0' }],
    ['in the input', { lastEventId: 'queued.0' }, {}],
  ])('does not repeat the item whose id the client sends %s', async (_, more, headers) => {
    const id = await newMail();
    const response = await post('email.watch?once=1', inputOf({ id, ...more }), headers);
    expect(eventsOf(await response.text())).toHaveLength(1);
  });

  test('of several subscriptions names the call of each event', async () => {
    const [a, b] = [await newMail(), await newMail()];
    const inputs = {
      0: inputOf({ id: a }),
      1: inputOf({ id: 'unknown' }),
      2: inputOf({ id: b, lastEventId: 'queued.0' }),
    };
    const response = await post('email.watch,email.watch,email.watch?batch=1&once=1', inputs);
    const events = eventsOf(await response.text()).slice(1);
    const parsed = events.map((event) => JSON.parse(event.slice('data: '.length)));
    expect(parsed.sort((x, y) => x.call - y.call)).toEqual([
      {
        call: 0,
        id: 'queued.0',
        data: expect.objectContaining({ json: expect.objectContaining({ id: a }) }),
      },
      {
        call: 1,
        error: { json: expect.objectContaining({ data: expect.objectContaining({ reason: 'not_found' }) }) },
      },
    ]);
  });

  test('of an unknown mail ends with the error', async () => {
    const response = await post('email.watch', inputOf({ id: 'unknown' }));
    expect(response.status).toBe(200);
    const [, error = '', ...rest] = eventsOf(await response.text());
    expect(error).toMatch(/^event: serialized-error\ndata: \{"json":\{.*"reason":"not_found"/);
    expect(rest).toEqual([]);
  });

  test('with an invalid input ends with the error', async () => {
    const response = await post('email.watch', inputOf({ id: 7 }));
    expect(await response.text()).toContain('"reason":"invalid_input"');
  });

  test('gets the rest of an input with the id of the last event, also if nothing is left', async () => {
    const response = await post('email.watch', inputOf({ lastEventId: 'queued.0' }));
    expect(await response.text()).toContain('"fieldErrors":{"id":[');
  });

  test('for users ends with sign_in_required for a visitor', async () => {
    const response = await post('email.watch,session.list?batch=1', { 0: inputOf({ id: 'a' }) });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('must not mix');
  });

  test('stays open until the client goes, and sends a change', async () => {
    const id = await newMail();
    const response = await open('email.watch', inputOf({ id }));
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    async function readUntil(part: string): Promise<void> {
      while (!text.includes(part)) {
        const { value, done } = (await reader?.read()) ?? { done: true };
        if (done) throw new Error(`the stream ended after ${text}`);
        text += value ?? '';
      }
    }
    await readUntil('id: queued.0');
    const { queries } = await services().database.open();
    await queries.updateTable('mail').set({ status: 'sent', sent_at: 1 }).where('id', '=', id).execute();
    await readUntil('event: return');
    expect((await reader?.read())?.done).toBe(true);
  });

  test('is refused beyond the number of streams of a caller, who can still poll', async () => {
    const id = await newMail();
    for (let count = 0; count < limits.live.streamsPerClient; count += 1) {
      expect((await open('email.watch', inputOf({ id }))).status).toBe(200);
    }
    const response = await post('email.watch', inputOf({ id }));
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe(String(limits.live.retryAfterSeconds));
    const poll = await post('email.watch?once=1', inputOf({ id }));
    expect(await poll.text()).toContain('id: queued.0');
  });

  test('is refused while the process stops', async () => {
    lifecycle.draining = true;
    onTestFinished(() => {
      lifecycle.draining = false;
    });
    const response = await post('email.watch', inputOf({ id: 'a' }));
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.text()).toContain('"reason":"overloaded"');
  });

  test('of a sensitive subscription takes POST alone', async () => {
    const response = await send('proxy.watch');
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });
});
