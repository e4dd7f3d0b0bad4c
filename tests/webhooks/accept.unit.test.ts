import { createHash } from 'node:crypto';
import { sign as signForGithub } from '@octokit/webhooks-methods';
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigurationError } from '#server/config/env.ts';
import { limits } from '#server/config/limits.ts';
import { defineWebhook, type WebhookOptions } from '#server/webhooks/define-webhook.ts';
import { rejected } from '#server/webhooks/delivery.ts';
import { checkSecrets } from '#server/webhooks/webhook-service.ts';
import { expectError } from '#tests/support/call.ts';
import { fakeJobs } from './fake-jobs.ts';
import { type ReceiverOptions, send, standardHeaders, testReceiver, testSecret } from './support.ts';

const webhook = (options: Partial<WebhookOptions<unknown>> = {}) =>
  defineWebhook({
    name: 'orders',
    scheme: 'standard-webhooks',
    input: z.unknown(),
    handle: async () => undefined,
    ...options,
  });

/** The route with one webhook, without a database. */
function receiver(
  options: Partial<WebhookOptions<unknown>> = {},
  more: Partial<Omit<ReceiverOptions, 'jobs'>> = {},
) {
  const { jobs, stored, state } = fakeJobs();
  return { stored, state, ...testReceiver({ webhooks: [webhook(options)], jobs, ...more }) };
}

const path = '/api/webhooks/orders';
const payload = { type: 'order.paid', data: { id: 7 } };
const body = JSON.stringify(payload);
const signed = (id?: string) => ({ body, headers: standardHeaders(body, id === undefined ? {} : { id }) });
const accepted = { accepted: true };

describe('a delivery', () => {
  test('is stored with its id and type, and acknowledged', async () => {
    const { handler, stored, outcomes, lines } = receiver();
    const response = await send(handler, 'orders', signed('msg_1'));
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual(accepted);
    expect([...stored]).toEqual([['webhook-orders msg_1', { id: 'msg_1', type: 'order.paid', payload }]]);
    expect(outcomes).toEqual(['orders accepted']);
    expect(lines).toMatchObject([{ route: path, status: 200, bytesIn: body.length }]);
  });

  test('that is sent again is acknowledged again, also with a new signature, and stored once', async () => {
    const { handler, stored, outcomes } = receiver();
    const first = signed('msg_1');
    const again = {
      body,
      headers: standardHeaders(body, { id: 'msg_1', at: new Date(Date.now() - 60_000) }),
    };
    for (const attempt of [first, first, again])
      expect(await (await send(handler, 'orders', attempt)).json()).toEqual(accepted);
    expect(stored.size).toBe(1);
    expect(outcomes).toEqual(['orders accepted', 'orders duplicate', 'orders duplicate']);
  });

  test('that could not be stored gets a 503 with Retry-After, and is stored when it is sent again', async () => {
    const { handler, stored, state, outcomes } = receiver();
    const attempt = signed('msg_1');
    state.isDown = true;
    const response = await send(handler, 'orders', attempt);
    expect(response.headers.get('retry-after')).toBe('5');
    await expectError(response, { reason: 'storage_unavailable', path });
    state.isDown = false;
    expect((await send(handler, 'orders', attempt)).status).toBe(200);
    expect(stored.size).toBe(1);
    expect(outcomes).toEqual(['orders storage_unavailable', 'orders accepted']);
  });

  test('of a type that is not handled is acknowledged and not stored', async () => {
    const { handler, stored, outcomes } = receiver({ events: ['order.refunded'] });
    for (const each of [body, '{}', 'null', '[]', '{"type":7}']) {
      const response = await send(handler, 'orders', { body: each, headers: standardHeaders(each) });
      expect([response.status, await response.json()]).toEqual([200, { accepted: false }]);
    }
    expect(stored.size).toBe(0);
    expect(new Set(outcomes)).toEqual(new Set(['orders ignored']));
  });

  test.each(['null', '[]', '7', '"text"', '{"__proto__":{"a":1}}', '{"a":"\\u0000\\ud800"}'])(
    'can be the JSON %s',
    async (each) => {
      const { handler, stored } = receiver();
      const response = await send(handler, 'orders', { body: each, headers: standardHeaders(each) });
      expect(response.status).toBe(200);
      expect([...stored.values()].map((value) => JSON.stringify(value))).toEqual([
        expect.stringContaining(`"payload":${JSON.stringify(JSON.parse(each))}`),
      ]);
    },
  );

  test.each(['', '{', '{"a":1', 'payload=%7B%7D', '\u{0}'])(
    'whose body "%s" is no JSON is rejected, although its signature is valid',
    async (each) => {
      const { handler, stored, outcomes } = receiver();
      const response = await send(handler, 'orders', { body: each, headers: standardHeaders(each) });
      await expectError(response, { reason: 'invalid_input', path });
      expect(stored.size).toBe(0);
      expect(outcomes).toEqual(['orders invalid_input']);
    },
  );

  test('whose payload is too large once it is parsed is rejected', async () => {
    const { handler, stored } = receiver({ bodyBytes: limits.webhook.maxBodyBytes });
    const grows = `[${Array(100_000).fill('1e20').join(',')}]`;
    const response = await send(handler, 'orders', { body: grows, headers: standardHeaders(grows) });
    await expectError(response, { reason: 'payload_too_large', path });
    expect(stored.size).toBe(0);
  });

  test('has an id of any length and characters', async () => {
    const { handler, stored } = receiver({
      scheme: ({ headers }) => ({ id: headers.get('x-id') ?? undefined }),
    });
    const ids = ['a'.repeat(limits.jobs.keyLength), 'a'.repeat(limits.jobs.keyLength + 1), 'a b', 'é'];
    for (const id of ids) await send(handler, 'orders', { body, headers: { 'x-id': id } });
    await send(handler, 'orders', { body });
    const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const [short = '', ...others] = ids;
    expect([...stored.keys()].map((key) => key.replace('webhook-orders ', ''))).toEqual([
      short,
      ...others.map(digest),
      digest(body),
    ]);
  });

  test('with an empty id is stored as without one', async () => {
    const { handler, stored } = receiver({ scheme: ({ headers }) => ({ id: headers.get('x-id') ?? '' }) });
    const other = '{"type":"order.sent"}';
    for (const each of [body, other]) await send(handler, 'orders', { body: each, headers: { 'x-id': '' } });
    expect(stored.size).toBe(2);
  });
});

describe('a webhook is not found', () => {
  test.each(['unknown', 'Orders', 'orders%20', 'order', '..'])('at the name %s', async (name) => {
    const { handler, outcomes, lines } = receiver();
    const response = await send(handler, name, signed());
    expect(response.status).toBe(404);
    expect(outcomes).toEqual([]);
    expect(lines).toMatchObject([{ route: '/api/webhooks/[name]', status: 404 }]);
  });

  test('without a secret', async () => {
    const { handler } = receiver({}, { secrets: {} });
    await expectError(await send(handler, 'orders', signed()), { reason: 'not_found', path });
  });
});

describe('a rejected delivery', () => {
  test('has a challenge, and leaves neither its signature nor a secret in the response and the log', async () => {
    const { handler, stored, outcomes, lines } = receiver();
    const wrong = standardHeaders(body, { secret: `whsec_${'b3RoZXI'.repeat(4)}` });
    const response = await send(handler, 'orders', { body, headers: wrong });
    expect(response.headers.get('www-authenticate')).toBe('HMAC-SHA256 realm="typed-bff"');
    const { text } = await expectError(response, { reason: 'unauthorized', path });
    expect(stored.size).toBe(0);
    expect(outcomes).toEqual(['orders unauthorized']);
    const seen = `${text}${JSON.stringify(lines)}`;
    for (const secret of [testSecret, wrong['webhook-signature'] ?? '', 'order.paid'])
      expect(seen).not.toContain(secret);
  });

  test('counts against the rate limit of the client', async () => {
    const { handler, outcomes } = receiver({}, { variables: { RATE_LIMITS: 'webhook=2/60' } });
    for (let count = 0; count < 2; count += 1) await send(handler, 'orders', { body });
    const response = await send(handler, 'orders', signed());
    expect(response.headers.get('retry-after')).toBe('60');
    await expectError(response, { reason: 'rate_limited', path });
    expect(outcomes).toEqual(['orders unauthorized', 'orders unauthorized', 'orders rate_limited']);
  });
});

test('the sender may use Authorization for purposes of its own', async () => {
  const { handler } = receiver();
  const { headers } = signed();
  const response = await send(handler, 'orders', {
    body,
    headers: { ...headers, authorization: 'Bearer own' },
  });
  expect(response.status).toBe(200);
});

describe('the senders’ own libraries', () => {
  test('GitHub: two deliveries with the same body are two, and its ping is not stored', async () => {
    const secret = 'the secret for GitHub';
    const { handler, stored } = receiver(
      { scheme: 'github', events: ['push'] },
      { secrets: { orders: [secret] } },
    );
    const signature = { 'x-hub-signature-256': await signForGithub(secret, body) };
    for (const id of ['guid-1', 'guid-2', 'guid-1'])
      await send(handler, 'orders', {
        body,
        headers: { ...signature, 'x-github-event': 'push', 'x-github-delivery': id },
      });
    const ping = await send(handler, 'orders', { body, headers: { ...signature, 'x-github-event': 'ping' } });
    expect(await ping.json()).toEqual({ accepted: false });
    expect([...stored.values()]).toEqual([
      { id: 'guid-1', type: 'push', payload },
      { id: 'guid-2', type: 'push', payload },
    ]);
  });

  test('Stripe: the attempts of an event are one, with signatures of their own', async () => {
    const secret = 'whsec_of-the-endpoint';
    const { handler, stored } = receiver({ scheme: 'stripe' }, { secrets: { orders: [secret] } });
    const event = '{"id":"evt_1","type":"invoice.paid"}';
    const now = Math.floor(Date.now() / 1_000);
    for (const timestamp of [now - 60, now]) {
      const header = Stripe.webhooks.generateTestHeaderString({ payload: event, secret, timestamp });
      const response = await send(handler, 'orders', {
        body: event,
        headers: { 'stripe-signature': header },
      });
      expect(response.status).toBe(200);
    }
    expect([...stored.values()]).toEqual([
      { id: 'evt_1', type: 'invoice.paid', payload: { id: 'evt_1', type: 'invoice.paid' } },
    ]);
  });
});

describe('a scheme of the team', () => {
  test('gets the bytes, the headers, the secrets and the time, and can reject the delivery', async () => {
    const secrets = ['new-secret', 'old-secret'];
    const { handler, stored } = receiver(
      {
        scheme({ headers, body: bytes, secrets: given, now }) {
          expect(given).toEqual(secrets);
          expect(Math.abs(now - Date.now())).toBeLessThan(60_000);
          if (headers.get('x-length') !== String(bytes.length)) throw rejected('The length is wrong.');
          return { id: 'one', type: 'counted' };
        },
      },
      { secrets: { orders: secrets } },
    );
    const response = await send(handler, 'orders', { body, headers: { 'x-length': '1' } });
    const { message } = await expectError(response, { reason: 'unauthorized', path });
    expect(message).toBe('The length is wrong.');
    await send(handler, 'orders', { body, headers: { 'x-length': String(body.length) } });
    expect([...stored.values()]).toEqual([{ id: 'one', type: 'counted', payload }]);
  });

  test('can be asynchronous', async () => {
    const { handler, stored } = receiver({
      async scheme({ headers }) {
        await Promise.resolve();
        if (headers.get('x-key') !== 'valid') throw rejected();
        return { id: 'one' };
      },
    });
    const withKey = (key: string) => send(handler, 'orders', { body, headers: { 'x-key': key } });
    await expectError(await withKey('other'), { reason: 'unauthorized', path });
    expect((await withKey('valid')).status).toBe(200);
    expect([...stored.values()]).toEqual([{ id: 'one', type: null, payload }]);
  });

  test('that fails is a 500 that says nothing', async () => {
    const { handler, outcomes } = receiver({
      scheme() {
        throw new Error('secret text');
      },
    });
    const { text } = await expectError(await send(handler, 'orders', { body }), { reason: 'internal', path });
    expect(text).not.toContain('secret text');
    expect(outcomes).toEqual(['orders internal']);
  });
});

describe('a declaration', () => {
  test.each<Partial<WebhookOptions<unknown>>>([
    { name: 'Orders' },
    { name: 'orders/paid' },
    { name: '' },
    { bodyBytes: limits.webhook.maxBodyBytes + 1 },
    { bodyBytes: 0 },
    { retry: { attempts: 0 } },
  ])('with %j is rejected', (options) => {
    expect(() => webhook(options)).toThrow();
  });
});

describe('the secrets', () => {
  test('are checked without being shown', () => {
    const secret = 'hunter2-hunter2-hunter2';
    const check = () => checkSecrets([webhook()], new Map([['orders', [testSecret, secret]]]));
    expect(check).toThrow(ConfigurationError);
    expect(check).toThrow('WEBHOOK_SECRETS: the secret of orders must be whsec_ followed by Base64.');
    expect(check).not.toThrow(secret);
    expect(() => receiver({}, { secrets: { orders: [secret] } })).toThrow(ConfigurationError);
  });

  test('that are missing or belong to no webhook are named', () => {
    expect(
      checkSecrets(
        [webhook(), webhook({ name: 'builds' })],
        new Map([
          ['orders', [testSecret]],
          ['other', []],
        ]),
      ),
    ).toEqual({ withoutSecret: ['builds'], unknown: ['other'] });
  });
});
