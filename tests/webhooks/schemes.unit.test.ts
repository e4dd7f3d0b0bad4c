import { createHmac } from 'node:crypto';
import { sign as signForGithub } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { type Scheme, toDelivery } from '#server/webhooks/delivery.ts';
import { github } from '#server/webhooks/schemes/github.ts';
import { slack } from '#server/webhooks/schemes/slack.ts';
import { standardWebhooks } from '#server/webhooks/schemes/standard-webhooks.ts';
import { stripe } from '#server/webhooks/schemes/stripe.ts';
import { testSecret } from './support.ts';

type Signed = { headers: Record<string, string>; body: Uint8Array; secrets: readonly string[]; now: number };

const bytes = (text: string) => new TextEncoder().encode(text);

function verify(scheme: Scheme, { headers, ...rest }: Signed) {
  return scheme.verify(toDelivery({ ...rest, headers: new Headers(headers) }));
}

const unauthorized = (message = 'The signature is not valid.') =>
  expect.objectContaining({ reason: 'unauthorized', message });

/** A time in Unix seconds, at which the deliveries below are signed and received. */
const timestamp = 1_780_272_000;
const now = timestamp * 1_000;
const text = '{"type":"order.paid","id":"evt_1","event_id":"Ev1","event":{"type":"message"},"note":"Grüße"}';
const body = bytes(text);

type Case = {
  scheme: Scheme;
  secret: string;
  /** Signs a body with the sender's own library, if it has one. */
  sign(options: { secret: string; at?: number; body?: string }): Promise<Record<string, string>>;
  /** The header with the signature. */
  header: string;
  verified: object;
};

const hmac = (secret: string, message: string) => createHmac('sha256', secret).update(message).digest('hex');

const cases: Record<string, Case> = {
  'standard-webhooks': {
    scheme: standardWebhooks,
    secret: testSecret,
    sign: async ({ secret, at = timestamp, body: signed = text }) => ({
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(at),
      'webhook-signature': new Webhook(secret).sign('msg_1', new Date(at * 1_000), signed),
    }),
    header: 'webhook-signature',
    verified: { id: 'msg_1', type: 'order.paid' },
  },
  github: {
    scheme: github,
    secret: 'a secret for GitHub',
    sign: async ({ secret, body: signed = text }) => ({
      'x-github-delivery': 'guid-1',
      'x-github-event': 'push',
      'x-hub-signature-256': await signForGithub(secret, signed),
    }),
    header: 'x-hub-signature-256',
    verified: { id: 'guid-1', type: 'push' },
  },
  stripe: {
    scheme: stripe,
    secret: 'whsec_of-the-endpoint',
    sign: async ({ secret, at = timestamp, body: signed = text }) => ({
      'stripe-signature': Stripe.webhooks.generateTestHeaderString({
        payload: signed,
        secret,
        timestamp: at,
      }),
    }),
    header: 'stripe-signature',
    verified: { id: 'evt_1', type: 'order.paid' },
  },
  slack: {
    scheme: slack,
    secret: '8f742231b10e8888abcd99yyyzzz85a5',
    sign: async ({ secret, at = timestamp, body: signed = text }) => ({
      'x-slack-request-timestamp': String(at),
      'x-slack-signature': `v0=${hmac(secret, `v0:${at}:${signed}`)}`,
    }),
    header: 'x-slack-signature',
    verified: { id: 'Ev1', type: 'message' },
  },
};

describe.each(Object.entries(cases))('%s', (name, { scheme, secret, sign, header, verified }) => {
  const signed = async (options: Partial<Parameters<Case['sign']>[0]> = {}): Promise<Signed> => ({
    headers: await sign({ secret, ...options }),
    body,
    secrets: [secret],
    now,
  });

  test('accepts what the sender signs, and returns the id and the type', async () => {
    expect(verify(scheme, await signed())).toEqual(verified);
  });

  test('accepts signatures with either of two secrets', async () => {
    const older = name === 'standard-webhooks' ? `whsec_${'b2xk'.repeat(8)}` : 'the older secret';
    for (const used of [secret, older])
      expect(verify(scheme, { ...(await signed({ secret: used })), secrets: [secret, older] })).toEqual(
        verified,
      );
  });

  test('rejects a signature with another secret, and without one', async () => {
    const other = `whsec_${'b3RoZXI='.repeat(4)}`.replaceAll('=', 'a');
    const delivery = await signed({ secret: other });
    expect(() => verify(scheme, delivery)).toThrow(unauthorized());
    expect(() => verify(scheme, { ...delivery, secrets: [] })).toThrow(unauthorized());
  });

  test('rejects a body of which any byte was altered, added or removed', async () => {
    const delivery = await signed();
    for (let index = 0; index < body.length; index += 1) {
      const altered = body.with(index, (body[index] ?? 0) ^ 1);
      expect(() => verify(scheme, { ...delivery, body: altered })).toThrow(unauthorized());
    }
    for (const altered of [body.slice(1), body.slice(0, -1), bytes(`${text} `), new Uint8Array()])
      expect(() => verify(scheme, { ...delivery, body: altered })).toThrow(unauthorized());
  });

  test('rejects a signature of which any character was altered', async () => {
    const { headers, ...rest } = await signed();
    const value = headers[header] ?? '';
    const from = value.search(/[\w+/]{43,}/);
    // The last character of 32 bytes in Base64 has two bits that do not count.
    for (let index = from; index < from + 42; index += 1) {
      const other = value[index] === '0' ? '1' : '0';
      const altered = `${value.slice(0, index)}${other}${value.slice(index + 1)}`;
      expect(() => verify(scheme, { ...rest, headers: { ...headers, [header]: altered } })).toThrow(
        unauthorized(),
      );
    }
  });

  test('says what to send if a header is missing, empty or has another form', async () => {
    const { headers, ...rest } = await signed();
    const required = Object.keys(headers).filter((each) => !each.startsWith('x-github-'));
    for (const each of required) {
      const { [each]: _, ...others } = headers;
      for (const wrong of [others, { ...headers, [each]: '' }])
        expect(() => verify(scheme, { ...rest, headers: wrong })).toThrow(
          unauthorized(expect.stringMatching(/^Send /)),
        );
    }
    for (const value of ['v1', 'sha1=00', 'v1,=', 't=1', 'v0=', 'x'.repeat(10_000), 'v1=, '.repeat(10_000)])
      expect(() => verify(scheme, { ...rest, headers: { ...headers, [header]: value } })).toThrow(
        unauthorized(expect.stringMatching(/^Send /)),
      );
  });
});

describe.each(Object.entries(cases).filter(([name]) => name !== 'github'))(
  'the timestamp of %s',
  (_, { scheme, secret, sign, verified }) => {
    const { tolerance } = limits.webhook;
    const receivedAt = async (difference: number) =>
      verify(scheme, { headers: await sign({ secret }), body, secrets: [secret], now: now + difference });

    test.each([tolerance, -tolerance])('may be %i ms away from the clock', async (difference) => {
      expect(await receivedAt(difference)).toEqual(verified);
    });

    test.each([tolerance + 1, -tolerance - 1])(
      'must not be %i ms away from the clock',
      async (difference) => {
        await expect(receivedAt(difference)).rejects.toEqual(
          unauthorized("The timestamp is more than 5 minutes away from this server's clock."),
        );
      },
    );

    test('is checked before the body is parsed', async () => {
      const delivery = { headers: await sign({ secret, body: '{' }), body: bytes('{'), secrets: [secret] };
      expect(() => verify(scheme, { ...delivery, now })).toThrow(
        expect.objectContaining({ reason: 'invalid_input', message: 'The body is not valid JSON in UTF-8.' }),
      );
      expect(() => verify(scheme, { ...delivery, now: now + tolerance + 1 })).toThrow(
        expect.objectContaining({ reason: 'unauthorized' }),
      );
    });

    test('is part of what is signed', async () => {
      const headers = Object.fromEntries(
        Object.entries(await sign({ secret })).map(([name, value]) => [
          name,
          value.replace(String(timestamp), String(timestamp + 1)),
        ]),
      );
      expect(() => verify(scheme, { headers, body, secrets: [secret], now })).toThrow(unauthorized());
    });

    test.each(['soon', '1e9', '-1', '1.5', '0x1', ' ', '1'.repeat(13)])('must not be "%s"', async (other) => {
      const headers = Object.fromEntries(
        Object.entries(await sign({ secret })).map(([name, value]) => [
          name,
          value.replace(String(timestamp), other),
        ]),
      );
      expect(() => verify(scheme, { headers, body, secrets: [secret], now })).toThrow(
        unauthorized(expect.stringMatching(/^Send /)),
      );
    });
  },
);

describe('the published example of', () => {
  test('Standard Webhooks', () => {
    const at = 1_614_265_330;
    const delivery = {
      headers: {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': String(at),
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      },
      body: bytes('{"test": 2432232314}'),
      secrets: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
      now: at * 1_000,
    };
    expect(verify(standardWebhooks, delivery)).toEqual({
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      type: undefined,
    });
  });

  test('GitHub', () => {
    const delivery = {
      headers: {
        'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17',
      },
      body: bytes('Hello, World!'),
      secrets: ["It's a Secret to Everybody"],
      now,
    };
    expect(verify(github, delivery)).toEqual({ id: undefined, type: undefined });
  });

  test('Slack, whose body is not JSON', () => {
    const at = 1_531_420_618;
    const delivery = {
      headers: {
        'x-slack-request-timestamp': String(at),
        'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
      },
      body: bytes(
        'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
      ),
      secrets: ['8f742231b10e8888abcd99yyyzzz85a5'],
      now: at * 1_000,
    };
    expect(() => verify(slack, delivery)).toThrow(expect.objectContaining({ reason: 'invalid_input' }));
  });
});

describe('several signatures in one header', () => {
  const of = (name: string) => {
    const found = cases[name];
    if (!found) throw new Error(name);
    return found;
  };

  test('of Standard Webhooks count if one of version 1 is valid, also in two header fields', async () => {
    const { scheme, secret, sign, verified } = of('standard-webhooks');
    const headers = await sign({ secret });
    const valid = headers['webhook-signature'] ?? '';
    const other = `v1,${'A'.repeat(43)}=`;
    const withSignatures = (value: string) =>
      verify(scheme, { headers: { ...headers, 'webhook-signature': value }, body, secrets: [secret], now });
    for (const value of [`${other} ${valid}`, `${valid} ${other}`, `v1a,xyz ${valid}`, `${other}, ${valid}`])
      expect(withSignatures(value)).toEqual(verified);
    expect(withSignatures(`${`${other} `.repeat(10_000)}${valid}`)).toEqual(verified);
    expect(() => withSignatures(`${other} ${other}`)).toThrow(unauthorized());
    expect(() => withSignatures(valid.replace('v1,', 'v2,'))).toThrow(
      unauthorized(expect.stringMatching(/^Send /)),
    );
  });

  test('of Stripe count if one of version 1 is valid, but with only one timestamp', async () => {
    const { scheme, secret, sign, verified } = of('stripe');
    const valid = (await sign({ secret }))['stripe-signature'] ?? '';
    const other = `v1=${'0'.repeat(64)}`;
    const withHeader = (value: string) =>
      verify(scheme, { headers: { 'stripe-signature': value }, body, secrets: [secret], now });
    for (const value of [`${valid},${other}`, `${other},${valid}`, `${valid}, v0=${'0'.repeat(64)}`])
      expect(withHeader(value)).toEqual(verified);
    expect(() => withHeader(valid.replace('v1=', 'v0='))).toThrow(
      unauthorized(expect.stringMatching(/^Send /)),
    );
    expect(() => withHeader(`t=${timestamp},${valid}`)).toThrow(
      unauthorized(expect.stringMatching(/^Send /)),
    );
  });

  test.each(['github', 'slack'])('of %s, which sends one, are rejected', async (name) => {
    const { scheme, secret, sign, header } = of(name);
    const headers = await sign({ secret });
    const twice = { ...headers, [header]: `${headers[header]}, ${headers[header]}` };
    expect(() => verify(scheme, { headers: twice, body, secrets: [secret], now })).toThrow(
      unauthorized(expect.stringMatching(/^Send /)),
    );
  });
});

describe('bytes that are not UTF-8', () => {
  // The library of Standard Webhooks takes each of them for the character U+FFFD.
  const invalid = [Uint8Array.of(0x22, 0xff, 0x22), Uint8Array.of(0x22, 0xfe, 0x22)];

  test('have no signature of Standard Webhooks', () => {
    for (const each of invalid) {
      const headers = {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(timestamp),
        'webhook-signature': new Webhook(testSecret).sign('msg_1', new Date(now), '"\u{fffd}"'),
      };
      expect(() => verify(standardWebhooks, { headers, body: each, secrets: [testSecret], now })).toThrow(
        unauthorized(),
      );
    }
  });

  test('are no JSON for the other schemes', () => {
    const [each = new Uint8Array()] = invalid;
    const signature = createHmac('sha256', 'secret').update(`${timestamp}.`).update(each).digest('hex');
    const headers = { 'stripe-signature': `t=${timestamp},v1=${signature}` };
    expect(() => verify(stripe, { headers, body: each, secrets: ['secret'], now })).toThrow(
      expect.objectContaining({ reason: 'invalid_input' }),
    );
  });
});

test('a body with a byte order mark is verified as it was signed', () => {
  const marked = `\u{feff}${text}`;
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(timestamp),
    'webhook-signature': new Webhook(testSecret).sign('msg_1', new Date(now), marked),
  };
  const delivery = { headers, body: bytes(marked), secrets: [testSecret], now };
  expect(verify(standardWebhooks, delivery)).toEqual({ id: 'msg_1', type: 'order.paid' });
  expect(() => verify(standardWebhooks, { ...delivery, body })).toThrow(unauthorized());
});

test('GitHub tests the connection with a ping, and Slack with a challenge', async () => {
  const ping = { 'x-github-event': 'ping', 'x-hub-signature-256': await signForGithub('secret', text) };
  expect(verify(github, { headers: ping, body, secrets: ['secret'], now })).toMatchObject({
    response: { accepted: false },
  });
  const challenge = '{"type":"url_verification","challenge":"abc"}';
  const headers = {
    'x-slack-request-timestamp': String(timestamp),
    'x-slack-signature': `v0=${hmac('secret', `v0:${timestamp}:${challenge}`)}`,
  };
  expect(verify(slack, { headers, body: bytes(challenge), secrets: ['secret'], now })).toEqual({
    response: { challenge: 'abc' },
  });
});

test.each([
  [testSecret, undefined],
  ['whsec_', 'be whsec_ followed by Base64'],
  ['whsec_AB', 'be whsec_ followed by Base64'],
  [`whsec_${'A'.repeat(30)}-_`, 'be whsec_ followed by Base64'],
  [testSecret.slice('whsec_'.length), 'be whsec_ followed by Base64'],
])('the secret %s of Standard Webhooks has the problem: %s', (secret, problem) => {
  expect(standardWebhooks.problemOf?.(secret)).toBe(problem);
});
