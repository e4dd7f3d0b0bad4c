import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createScriptClient, errorData, follow } from '#client/node.ts';
import { parsePrometheus, total } from '#tests/http/support/prometheus.ts';
import { startBalancer } from '#tests/support/haproxy.ts';
import { startNginx } from '#tests/support/nginx.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
import type { ReverseProxy } from '#tests/support/proxy-process.ts';
import { testWith } from '#tests/support/skip.ts';
import { startSmtpServer, type TestSmtpServer } from '#tests/support/smtp-server.ts';

let product: Product;
let smtp: TestSmtpServer;

beforeAll(async () => {
  smtp = await startSmtpServer();
  product = await startProduct({
    SMTP_URL: smtp.url,
    MAIL_TO: 'owner@site.example',
    MAIL_FROM: 'website@site.example',
    DEMO: '',
    RATE_LIMITS: 'light=100000/60,mail=100000/60,mailSender=100000/60,mailSite=100000/60',
  });
}, 60_000);
afterAll(async () => {
  await product.close();
  await smtp.close();
});

const draft = { email: 'visitor@visitor.example', contents: 'Hello' };

describe('a subscription', () => {
  test('can be followed by a script', async () => {
    const api = createScriptClient(product);
    const { id } = await api.email.send.mutate(draft);
    const states: string[] = [];
    for await (const { data } of follow(api.email.watch, { id })) states.push(data.status);
    expect(states.at(-1)).toBe('sent');
    expect(states).toEqual([...new Set(states)]);
  });

  test('that fails says why', async () => {
    const api = createScriptClient(product);
    const items = follow(api.email.watch, { id: 'unknown' });
    const error = await items.next().catch((reason: unknown) => reason);
    expect(errorData(error)).toMatchObject({ reason: 'not_found', httpStatus: 404 });
  });
});

async function openStreams(): Promise<number> {
  const response = await fetch(`${product.baseUrl}/metrics`);
  return total(parsePrometheus(await response.text()), 'bff_live_streams', {});
}

const portOf = ({ baseUrl }: Product) => Number(new URL(baseUrl).port);

/** Follows a mail that stays as it is through a proxy, and leaves after the first item. */
async function followHeldMail(proxy: ReverseProxy): Promise<void> {
  onTestFinished(proxy.close);
  const api = createScriptClient({ baseUrl: proxy.url });
  const { id } = await api.email.send.mutate({ ...draft, leaveEmpty: 'https://spam.example' });
  for await (const { data } of follow(api.email.watch, { id })) {
    expect(data.status).toBe('held');
    expect(await openStreams()).toBeGreaterThan(0);
    break;
  }
}

describe('behind a proxy', () => {
  testWith('haproxy')('HAProxy with default settings, an item is passed on at once', async () => {
    await followHeldMail(await startBalancer([portOf(product)]));
  });

  testWith('nginx')(
    'nginx with default settings, an item is passed on at once, and so is the end of a client',
    async () => {
      await followHeldMail(await startNginx(portOf(product)));
      await expect.poll(openStreams).toBe(0);
    },
  );

  testWith('haproxy')('HAProxy with abortonclose, the end of a client is passed on at once', async () => {
    await followHeldMail(await startBalancer([portOf(product)], { more: ['option abortonclose'] }));
    await expect.poll(openStreams).toBe(0);
  });
});
