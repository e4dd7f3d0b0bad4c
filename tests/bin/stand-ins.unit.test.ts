import { expect, onTestFinished, test } from 'vitest';
import { startStandIns, unsetOnly } from '#tests/support/stand-ins.ts';

const site = { PORT: 3000, SITE_URL: 'http://localhost:3000' };

test('npm run dev and npm run demo need no other backend', async () => {
  const { env, description, close } = await startStandIns(site, {});
  onTestFinished(close);
  const urls = Object.entries(env).filter(([name]) => name.endsWith('_URL') || name === 'OIDC_ISSUER');
  expect(urls.length).toBeGreaterThan(0);
  for (const [, url] of urls) expect(new URL(url).hostname).toMatch(/^(localhost|127\.0\.0\.1)$/);
  for (const path of ['/sign-in', '/inbox', '/docs'])
    expect(description).toContain(`${site.SITE_URL}${path}`);
});

test('the settings of a developer take precedence over stand-ins', async () => {
  const own = { OIDC_ISSUER: 'https://id.example.org', EMAIL_SIGN_IN: '', SERVICE_KEYS: 'own:0:mail' };
  const { env, close } = await startStandIns(site, own);
  onTestFinished(close);
  expect(env).not.toHaveProperty('OIDC_CLIENT_ID');
  const [name = ''] = Object.keys(env).filter((each) => each.endsWith('_URL'));
  const unset = unsetOnly(env, { ...own, [name]: 'https://backend.example.org' });
  expect(unset).not.toHaveProperty(name);
  expect(unset).toMatchObject({
    EMAIL_SIGN_IN: '*',
    SERVICE_KEYS: expect.stringMatching(/^own:0:mail,demo:/),
  });
});
