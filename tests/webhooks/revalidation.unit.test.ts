import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { toDelivery } from '#server/webhooks/delivery.ts';
import { verifyRevalidation } from '#server/webhooks/revalidation.ts';

const secret = 'a-secret-of-at-least-32-characters';
const timestamp = 1_780_272_000;
const now = timestamp * 1_000;
const body = new TextEncoder().encode('{"id":1}');

const sign = (at: number | string = timestamp, key = secret) =>
  createHmac('sha256', key).update(`${at}.`).update(body).digest('hex');

function verify(headers: Record<string, string>, time = now, key = secret): string {
  return verifyRevalidation(toDelivery({ headers: new Headers(headers), body, secrets: [key], now: time }));
}

const signedAt = (at: number | string) => ({
  'x-bff-timestamp': String(at),
  'x-bff-signature': `sha256=${sign(at)}`,
});

describe('a signature is accepted', () => {
  test('and returned in one form', () => {
    const upper = sign().toUpperCase();
    const headers = { 'x-bff-timestamp': String(timestamp), 'x-bff-signature': `sha256=${upper}` };
    expect(verify(headers)).toBe(sign());
  });

  test.each([limits.webhook.tolerance, -limits.webhook.tolerance])(
    'if its timestamp is exactly %i ms away from the clock',
    (difference) => {
      expect(verify(signedAt(timestamp), now + difference)).toBe(sign());
    },
  );
});

describe('a signature is rejected', () => {
  const rejected = (message: string) => expect.objectContaining({ reason: 'unauthorized', message });

  test.each([limits.webhook.tolerance + 1, -limits.webhook.tolerance - 1])(
    'if its timestamp is %i ms away from the clock',
    (difference) => {
      expect(() => verify(signedAt(timestamp), now + difference)).toThrow(
        rejected("The timestamp is more than 5 minutes away from this server's clock."),
      );
    },
  );

  test.each([
    ['with another secret', `sha256=${sign(timestamp, 'another-secret')}`],
    ['of another time', `sha256=${sign(timestamp - 1)}`],
    ['of nothing', `sha256=${'0'.repeat(64)}`],
  ])('%s', (_, signature) => {
    const headers = { 'x-bff-timestamp': String(timestamp), 'x-bff-signature': signature };
    expect(() => verify(headers)).toThrow(rejected('The signature is not valid.'));
  });

  test.each<[string, Record<string, string>]>([
    ['without headers', {}],
    ['without a timestamp', { 'x-bff-signature': `sha256=${sign()}` }],
    ['without a signature', { 'x-bff-timestamp': String(timestamp) }],
    ['without its hash', { ...signedAt(timestamp), 'x-bff-signature': sign() }],
    ['that is too short', { ...signedAt(timestamp), 'x-bff-signature': `sha256=${sign().slice(1)}` }],
    ['that is too long', { ...signedAt(timestamp), 'x-bff-signature': `sha256=${sign()}0` }],
    ['after other text', { ...signedAt(timestamp), 'x-bff-signature': `x sha256=${sign()}` }],
    ['with a timestamp that is no number', signedAt('now')],
    ['with a fraction in the timestamp', signedAt(`${timestamp}.5`)],
    ['with a timestamp of 13 digits', signedAt(`1${timestamp}00`)],
  ])('%s, with what must be sent', (_, headers) => {
    expect(() => verify(headers)).toThrow(
      rejected('Send x-bff-timestamp (Unix seconds) and x-bff-signature (sha256=…).'),
    );
  });
});

describe('a signature of Standard Webhooks', () => {
  const standardSecret = `whsec_${'c2Vj'.repeat(11)}`;
  const signed = (webhook: Webhook) => ({
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(timestamp),
    'webhook-signature': webhook.sign('msg_1', new Date(now), '{"id":1}'),
  });

  test('is accepted with a secret that is whsec_ and Base64, and returned in the same form as the other one', () => {
    expect(verify(signed(new Webhook(standardSecret)), now, standardSecret)).toMatch(/^[\da-f]{64}$/);
  });

  test('is accepted with any other secret, whose characters are the key', () => {
    expect(verify(signed(new Webhook(secret, { format: 'raw' })))).toMatch(/^[\da-f]{64}$/);
  });

  test('is rejected with another secret, although the other signature is valid', () => {
    const headers = { ...signedAt(timestamp), ...signed(new Webhook(standardSecret)) };
    expect(() => verify(headers)).toThrow('The signature is not valid.');
  });
});
