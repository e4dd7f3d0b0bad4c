import { expect, onTestFinished, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { services } from '#server/services.ts';
import { leadsTo, navigation } from './browser.ts';
import { newBrowser, withIdentity } from './in-process.ts';

const identity = withIdentity();

const start = () => newBrowser().request('/auth/sign-in', { headers: navigation });

test('a provider that is down when a user signs in leads to a page that says so, is not asked again at once, and recovers', async () => {
  const asked = vi.fn();
  identity.provider.intercept = (request, response) => {
    asked(request.url);
    response.writeHead(503, { 'retry-after': '1' }).end('secret text of the provider');
    return true;
  };
  const failed = await start();
  expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  const text = await failed.clone().text();
  expect(text).not.toContain('secret');
  expect(await leadsTo(failed)).toMatch(
    /^http:\/\/localhost:3000\/sign-in\?problem=identity_unavailable&wait=\d+$/,
  );
  const requests = asked.mock.calls.length;
  await start();
  expect(asked).toHaveBeenCalledTimes(requests);
  expect(services().identity?.providerState()).toBe('down');

  identity.provider.intercept = undefined;
  vi.spyOn(performance, 'now').mockImplementation(
    (
      (now) => () =>
        now + limits.identity.metadataFailureFreshFor
    )(performance.now()),
  );
  await vi.waitFor(async () => expect((await start()).status).toBe(303), {
    timeout: 15_000,
    interval: 500,
  });
  vi.restoreAllMocks();
  expect(services().identity?.providerState()).toBe('ok');
});

test('a provider that fails while a user signs in is down until it responds again, without another sign-in', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const browser = newBrowser();
  const callback = await browser.choose(await browser.begin(), 'ada');
  identity.provider.intercept = (request, response) => {
    if (!request.url?.startsWith('/token')) return false;
    response.destroy();
    return true;
  };
  expect((await browser.finish(callback)).status).toBe(503);
  expect(services().identity?.providerState()).toBe('down');
  identity.provider.intercept = undefined;
  vi.advanceTimersByTime(limits.identity.metadataFailureFreshFor);
  await vi.waitFor(() => expect(services().identity?.providerState()).toBe('ok'), 10_000);
});
