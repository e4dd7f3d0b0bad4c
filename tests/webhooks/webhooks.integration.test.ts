import { describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { AppError } from '#server/errors.ts';
import { JobError } from '#server/jobs/job-error.ts';
import { createJobs } from '#server/jobs/job-service.ts';
import { createLogger } from '#server/observability/log.ts';
import type { Services } from '#server/services.ts';
import { defineWebhook, type WebhookEvent, type WebhookOptions } from '#server/webhooks/define-webhook.ts';
import { expectError } from '#tests/support/call.ts';
import { onEachDatabase } from '#tests/support/each-database.ts';
import { send, standardHeaders, testReceiver, testSecret, testWebhooks } from './support.ts';

const inputSchema = z.object({
  type: z.string(),
  order: z.object({ id: z.string(), paidAt: z.coerce.date() }),
});
type Payload = z.infer<typeof inputSchema>;

const payload = { type: 'order.paid', order: { id: 'o-1', paidAt: '2026-11-29T12:00:00.000Z' } };

const webhook = (
  handle: WebhookOptions<Payload>['handle'],
  options: Partial<Omit<WebhookOptions<Payload>, 'handle'>> = {},
) => defineWebhook({ name: 'orders', scheme: 'standard-webhooks', input: inputSchema, handle, ...options });

const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

onEachDatabase((database) => {
  test('a delivery is handled after it was acknowledged, with its payload parsed', async () => {
    const handled: WebhookEvent<Payload>[] = [];
    const orders = webhook(async (event) => void handled.push(event));
    const { jobs, events, deliver } = testWebhooks(database().db, [orders]);
    expect(await (await deliver('orders', payload, { id: 'msg_1' })).json()).toEqual({ accepted: true });
    expect(handled).toEqual([]);
    jobs.start();
    await eventually(() => expect(events).toEqual(['webhook-orders accepted', 'webhook-orders done']));
    expect(handled).toEqual([
      {
        id: 'msg_1',
        type: 'order.paid',
        payload: { type: 'order.paid', order: { id: 'o-1', paidAt: new Date(payload.order.paidAt) } },
      },
    ]);
  });

  test('a delivery that is sent again is handled once, also by another process and after it was handled', async () => {
    let handled = 0;
    const orders = webhook(async () => {
      handled += 1;
    });
    const { db } = database();
    const [first, second] = [testWebhooks(db, [orders]), testWebhooks(db, [orders])];
    const attempts = [first, second, first, second].map(({ deliver }) =>
      deliver('orders', payload, { id: 'msg_1' }),
    );
    for (const response of await Promise.all(attempts)) expect(response.status).toBe(200);
    expect([...first.outcomes, ...second.outcomes].sort()).toEqual([
      'orders accepted',
      'orders duplicate',
      'orders duplicate',
      'orders duplicate',
    ]);
    first.jobs.start();
    await eventually(() => expect(handled).toBe(1));
    await eventually(() => expect(first.events).toContain('webhook-orders done'));
    expect((await second.deliver('orders', payload, { id: 'msg_1' })).status).toBe(200);
    expect((await second.deliver('orders', payload, { id: 'msg_2' })).status).toBe(200);
    await eventually(async () =>
      expect(await first.jobs.operations.counts()).toEqual([
        { name: 'webhook-orders', status: 'done', count: 2 },
      ]),
    );
    expect(handled).toBe(2);
  });

  test('a delivery that could not be stored is not taken for a replay when it is sent again', async () => {
    const orders = webhook(async () => undefined);
    const { db } = database();
    let isDown = true;
    const jobs = createJobs({
      jobs: [orders.job],
      log: createLogger({ level: 'silent' }),
      services: (): Services => {
        throw new Error('not used');
      },
      database: {
        async open() {
          if (isDown) throw new AppError('storage_unavailable');
          return db;
        },
      },
    });
    const { handler, outcomes } = testReceiver({ webhooks: [orders], jobs });
    const body = JSON.stringify(payload);
    const attempt = { body, headers: standardHeaders(body) };
    for (let count = 0; count < 2; count += 1) {
      const response = await send(handler, 'orders', attempt);
      expect(response.headers.get('retry-after')).toBe('5');
      await expectError(response, { reason: 'storage_unavailable', path: '/api/webhooks/orders' });
    }
    isDown = false;
    for (let count = 0; count < 2; count += 1)
      expect((await send(handler, 'orders', attempt)).status).toBe(200);
    expect(outcomes.slice(2)).toEqual(['orders accepted', 'orders duplicate']);
    expect(await jobs.operations.counts()).toEqual([{ name: 'webhook-orders', status: 'queued', count: 1 }]);
  });

  test('a handler that fails is repeated, and a delivery that fails for good is kept', async () => {
    const attempts: number[] = [];
    const orders = webhook(
      async (_, { attempt }) => {
        attempts.push(attempt);
        if (attempt === 1) throw new Error('the shop is down');
        throw new JobError('permanent', 'there is no such order');
      },
      { retry: { base: 1_000, factor: 1, cap: 1_000 } },
    );
    const { db, setClock } = database();
    const { jobs, deliver } = testWebhooks(db, [orders]);
    jobs.start();
    await deliver('orders', payload);
    // The retry is counted before its time is stored.
    await eventually(async () =>
      expect(await jobs.operations.list({ limit: 2 })).toMatchObject([
        { status: 'queued', lastError: 'transient: Error' },
      ]),
    );
    await setClock(1_000_001_000);
    await eventually(async () =>
      expect(await jobs.operations.list({ limit: 2 })).toMatchObject([
        { status: 'dead', attempts: 2, lastError: 'permanent: there is no such order' },
      ]),
    );
    expect(attempts).toEqual([1, 2]);
  });

  test('a payload without the schema is acknowledged and kept, and is handled by a version that knows it', async () => {
    const { db } = database();
    const handled: unknown[] = [];
    const earlier = testWebhooks(db, [webhook(async ({ payload: given }) => void handled.push(given))]);
    const changed = { type: 'order.paid', order: { number: 7, secret: 'hunter2' } };
    expect((await earlier.deliver('orders', changed)).status).toBe(200);
    earlier.jobs.start();
    const dead = async () => (await earlier.jobs.operations.list({ status: 'dead', limit: 2 }))[0];
    await eventually(async () =>
      expect(await dead()).toMatchObject({
        attempts: 1,
        lastError:
          'permanent: the payload has 2 issues: invalid_type at order.id, invalid_type at order.paidAt',
      }),
    );
    expect(handled).toEqual([]);
    await earlier.jobs.pause();

    const later = testWebhooks(db, [
      defineWebhook({
        name: 'orders',
        scheme: 'standard-webhooks',
        input: z.object({ order: z.object({ number: z.int() }) }),
        handle: async ({ payload: given }) => void handled.push(given),
      }),
    ]);
    later.jobs.start();
    expect(await later.jobs.operations.requeue((await dead())?.id ?? '')).toBe(true);
    await eventually(() => expect(handled).toEqual([{ order: { number: 7 } }]));
  });

  test('while a secret is replaced, deliveries that are signed with the old one are accepted, too', async () => {
    const orders = webhook(async () => undefined);
    const old = `whsec_${'b2xk'.repeat(8)}`;
    const { deliver } = testWebhooks(database().db, [orders], { secrets: { orders: [testSecret, old] } });
    expect((await deliver('orders', payload)).status).toBe(200);
    expect((await deliver('orders', payload, { secret: old })).status).toBe(200);
    const after = testWebhooks(database().db, [orders]);
    expect((await after.deliver('orders', payload, { secret: old })).status).toBe(401);
  });
});

describe('the type of a payload', () => {
  test('is that of the schema', () => {
    webhook(async ({ payload: { order } }) => {
      order.paidAt.toISOString();
      // @ts-expect-error the schema has no such field
      order.price;
    });
  });
});
