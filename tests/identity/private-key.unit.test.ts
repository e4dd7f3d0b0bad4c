import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { newBrowser, withIdentity } from './in-process.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const identity = withIdentity(
  {
    OIDC_CLIENT_SECRET: '',
    OIDC_CLIENT_KEY: Buffer.from(
      JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'product' }),
    ).toString('base64'),
  },
  { clientKey: { ...publicKey.export({ format: 'jwk' }), kid: 'product', use: 'sig' } },
);

test('the product proves to the provider with a private key who it is', async () => {
  const browser = newBrowser();
  await browser.signIn('ada');
  expect((await browser.call('session.current')).data).toMatchObject({ user: { name: 'Ada' } });
  expect(identity.provider.requests).toContainEqual({ method: 'POST', path: '/token' });
});
