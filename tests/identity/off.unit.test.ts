import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseEnv } from '#server/config/env.ts';
import { services } from '#server/services.ts';
import { withServices } from '#tests/http/support/in-process.ts';
import { navigation } from './browser.ts';
import { newBrowser } from './in-process.ts';

withServices();

test('without a provider there are no routes of sign-in, and a session cookie means nothing', async () => {
  expect(services().identity).toBeUndefined();
  for (const path of [
    '/auth/sign-in',
    '/auth/callback',
    '/auth/link',
    '/auth/sign-out',
    '/auth/email',
    '/auth/email/confirm',
  ]) {
    expect((await newBrowser().request(path, { headers: navigation })).status).toBe(404);
  }
  const browser = newBrowser();
  browser.setCookie('session', 'x');
  expect((await browser.call('session.current')).data).toMatchObject({
    user: null,
    ended: false,
    provider: null,
    methods: [],
  });
  expect((await browser.call('session.list')).reason).toBe('sign_in_required');
});

const complete = {
  OIDC_ISSUER: 'https://id.example',
  OIDC_CLIENT_ID: 'site',
  OIDC_CLIENT_SECRET: 'secret',
  SITE_URL: 'https://site.example',
};

const keyOf = (pair: { privateKey: KeyObject }) => pair.privateKey.export({ format: 'jwk' });
const elliptic = keyOf(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const keysThatSignNothing = [
  { kty: 'RSA' },
  { kty: 'EC', crv: 'P-256', d: 'AAAA' },
  { ...elliptic, d: undefined },
  { ...elliptic, x: 'AAAA' },
  { ...elliptic, alg: 'RS256' },
  { ...elliptic, use: 'enc' },
  { ...elliptic, key_ops: ['verify'] },
  keyOf(generateKeyPairSync('x25519')),
  keyOf(generateKeyPairSync('rsa', { modulusLength: 1_024 })),
];

test.each([
  [{ OIDC_CLIENT_ID: undefined }, /OIDC_CLIENT_ID/],
  [{ OIDC_CLIENT_SECRET: undefined }, /OIDC_CLIENT_SECRET or OIDC_CLIENT_KEY/],
  [{ OIDC_ISSUER: undefined }, /OIDC_ISSUER/],
  [{ OIDC_ISSUER: 'http://id.example' }, /OIDC_ISSUER must be an https/],
  [{ OIDC_ISSUER: 'http://169.254.169.254' }, /not public/],
  [{ SITE_URL: 'http://site.example' }, /SITE_URL must be an https/],
  [{ DATABASE_URL: 'postgres://db.example/bff' }, /SESSION_SECRETS/],
  [{ SESSION_SECRETS: 'short' }, /at least 32 characters/],
  [{ OIDC_SCOPES: 'profile' }, /openid/],
  [{ EMAIL_SIGN_IN: '*', NODE_ENV: 'production' }, /SMTP_URL/],
  [{ EMAIL_SIGN_IN: 'a list' }, /addresses and domains/],
  [{ ROLES: 'admin' }, /role=address/],
  [{ ROLES: 'Admin=ada@people.example' }, /role=address/],
])('the settings %j stop the start with a message', (change, message) => {
  expect(() => parseEnv({ ...complete, ...change })).toThrow(message);
});

test.each(keysThatSignNothing)('the key %j of the client stops the start', (key) => {
  const start = () => parseEnv({ ...complete, OIDC_CLIENT_KEY: JSON.stringify(key) });
  expect(start).toThrow('OIDC_CLIENT_KEY: must be a private JSON Web Key for signatures');
});

test('no message contains the value of a setting', () => {
  const secret = 'a-secret-that-nobody-may-see';
  for (const name of ['SESSION_SECRETS', 'OIDC_CLIENT_KEY']) {
    const parse = () => parseEnv({ ...complete, [name]: secret });
    expect(parse).toThrow();
    expect(parse).not.toThrow(secret);
  }
});

test.each([
  [{ NODE_ENV: 'production' }, /SMTP_URL/],
  [{ SITE_URL: 'http://site.example' }, /SITE_URL must be an https/],
  [{ DATABASE_URL: 'postgres://db.example/bff' }, /EMAIL_SIGN_IN and DATABASE_URL .* SESSION_SECRETS/],
])('sign-in by mail alone with the settings %j stops the start with a message', (change, message) => {
  expect(() =>
    parseEnv({ EMAIL_SIGN_IN: 'people.example', SITE_URL: 'https://site.example', ...change }),
  ).toThrow(message);
});

test.each([
  { SMTP_URL: 'smtp://mail.example', MAIL_TO: 'a@site.example', MAIL_FROM: 'b@site.example' },
  { DEMO: '1' },
  { NODE_ENV: 'development' },
])('sign-in by mail needs a way to send mails, or an inbox: %j', (change) => {
  const env = parseEnv({
    NODE_ENV: 'production',
    SITE_URL: 'https://site.example',
    EMAIL_SIGN_IN: '*',
    ...change,
  });
  expect(env.EMAIL_SIGN_IN?.any).toBe(true);
});

test('the settings of sign-in on this machine are valid', () => {
  const env = parseEnv({
    ...complete,
    OIDC_ISSUER: 'http://127.0.0.1:4000',
    SITE_URL: 'http://localhost:3000',
  });
  expect(env.OIDC_ISSUER).toBe('http://127.0.0.1:4000');
});
