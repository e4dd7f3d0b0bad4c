import { createTRPCClient, httpSubscriptionLink } from '@trpc/client';
import superjson from 'superjson';
import { EventSource } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createScriptClient, errorData, follow } from '#client/node.ts';
import type { AppRouter } from '#server/trpc/router.ts';
import { type Product, startProduct } from '#tests/support/product.ts';
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
  test("works with tRPC's own link over EventSource", async () => {
    const api = createTRPCClient<AppRouter>({
      links: [
        httpSubscriptionLink({
          url: `${product.baseUrl}/api/trpc`,
          transformer: superjson,
          EventSource,
        }),
      ],
    });
    const { id } = await createScriptClient(product).email.send.mutate(draft);
    const items: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      api.email.watch.subscribe(
        { id },
        { onData: (item) => items.push(item), onError: reject, onComplete: resolve },
      );
    });
    expect(items.at(-1)).toMatchObject({
      id: 'sent.1',
      data: { id, status: 'sent', sentAt: expect.any(Date) },
    });
  });

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
