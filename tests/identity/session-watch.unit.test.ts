import { expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { services } from '#server/services.ts';
import type { TestBrowser } from './browser.ts';
import { forgetSessions, newBrowser, withIdentity } from './in-process.ts';

const identity = withIdentity({ SESSION_IDLE: '3600' });

/** Streams `session.watch` as a page does. @returns a function that resolves to the next event, null at the end */
async function watch(browser: TestBrowser): Promise<() => Promise<string | null>> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const response = await browser.request('/api/trpc/session.watch', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: '{}',
    signal: controller.signal,
  });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let read = '';
  const nextEvent = async (): Promise<string | null> => {
    const end = read.indexOf('\n\n');
    if (end < 0) {
      const { done, value } = await reader.read();
      if (done) return null;
      read += value;
      return nextEvent();
    }
    const event = read.slice(0, end);
    read = read.slice(end + 2);
    return event.startsWith('retry:') || event.startsWith('event: connected') ? nextEvent() : event;
  };
  return nextEvent;
}

const opened = 'data: {"json":{"open":true}}\nid: open';
const ended = 'data: {"json":{"open":false}}\nid: ended';

test('the stream of a session sends its end on another device, and ends', async () => {
  const [here, there] = [newBrowser(), newBrowser()];
  await here.signIn('ada');
  await there.signIn('ada');
  const next = await watch(there);
  const kept = await watch(here);
  expect([await next(), await kept()]).toEqual([opened, opened]);
  await here.call('session.revokeOthers');
  expect([await next(), await next(), await next()]).toEqual([ended, 'event: return\ndata:', null]);
  await here.request('/auth/sign-out', {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: new URLSearchParams({}),
  });
  expect(await kept()).toBe(ended);
});

test('the stream of a session sends its end by idleness, and by a user who was disabled', async () => {
  const [idle, disabled] = [newBrowser(), newBrowser()];
  await idle.signIn('ada');
  const ofIdle = await watch(idle);
  expect(await ofIdle()).toBe(opened);
  await identity.pass(3_600_000);
  expect(await ofIdle()).toBe(ended);

  await disabled.signIn('grace');
  const ofDisabled = await watch(disabled);
  expect(await ofDisabled()).toBe(opened);
  const { queries } = await identity.database();
  await queries.updateTable('user_account').set({ disabled_at: 1 }).where('name', '=', 'Grace').execute();
  forgetSessions();
  expect(await ofDisabled()).toBe(ended);
});

test('a stream does not count as use of the session', async () => {
  const browser = newBrowser();
  await browser.signIn('bob');
  await identity.pass(limits.identity.touchInterval);
  const write = vi.spyOn(await services().database.open(), 'write');
  const next = await watch(browser);
  expect(await next()).toBe(opened);
  expect(write).not.toHaveBeenCalled();
  write.mockRestore();
});

test('a visitor without a session cannot watch one', async () => {
  const browser = newBrowser();
  const response = await browser.request('/api/trpc/session.watch?once=1', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: '{}',
  });
  expect(await response.text()).toContain('"reason":"sign_in_required"');
});
