import { afterAll, beforeAll, expect } from 'vitest';
import { post } from '#tests/support/call.ts';
import { freePort, type Product, startProduct } from '#tests/support/product.ts';
import { sharedBrowser } from '#tests/support/shared.ts';
import { startTcpProxy, type TcpProxy } from '#tests/support/tcp-proxy.ts';
import { test } from './support/browser.ts';
import { callsOf } from './support/requests.ts';
import { becomes, headed, reads } from './support/wait.ts';

let proxy: TcpProxy;
let product: Product;

beforeAll(async () => {
  const port = await freePort();
  proxy = await startTcpProxy(port);
  product = await startProduct({ PORT: String(port), SITE_URL: `http://localhost:${proxy.port}` });
}, 60_000);
afterAll(async () => {
  await proxy.close();
  await product.close();
});

test('a page goes on after its stream was cut off, with what it has', async () => {
  const context = await (await sharedBrowser()).newContext({ baseURL: `http://localhost:${proxy.port}` });
  try {
    const page = await context.newPage();
    const requests: Parameters<typeof callsOf>[0] = [];
    page.on('request', (request) => requests.push(request));
    await page.goto('/status');
    await headed(page, 'Status');
    const streams = () => callsOf(requests, 'proxy.watch');
    await becomes(() => streams().length, 1);
    await (await streams()[0]?.response())?.headerValue('content-type');
    // The first item has arrived when the page has it: the next request says so.
    await page.waitForTimeout(500);
    proxy.cut();
    await becomes(() => streams().length, 2);
    expect(streams()[0]?.postData()).not.toContain('lastEventId');
    expect(streams()[1]?.postData()).toContain('lastEventId');
    product.upstreams.items.fault({ kind: 'status', status: 500 });
    const render = () => post(product, 'proxy.items.render', { body: { text: 'live' } });
    await becomes(async () => (await render()).status, 503);
    await reads(page.getByRole('main'), 'Failing: calls are paused');
  } finally {
    await context.close();
  }
});
