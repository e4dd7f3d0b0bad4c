import { createHash, randomBytes } from 'node:crypto';
import { requireFreePort } from '#server/bin/startup-checks.ts';
import type { Env } from '#server/config/env.ts';
import { proxiedUpstreams } from '#server/upstreams/index.ts';
import { exampleUserTexts } from '#tests/examples/stand-ins.ts';
import { startIdentityProvider } from './upstreams/identity-provider.ts';
import { startUpstreams } from './upstreams/index.ts';
import { startUserTexts } from './upstreams/user-texts.ts';

/** All backends of the product on loopback, with synthetic data. */
export interface StandIns {
  /** Environment for the product. */
  readonly env: Readonly<Record<string, string>>;
  /** Where to sign in, where mails are, and a service key, for the terminal. */
  readonly description: string;
  readonly close: () => Promise<void>;
}

/**
 * Starts them for `npm run demo` and `npm run dev`.
 *
 * @param own settings of the developer, who may have a provider or service keys
 */
export async function startStandIns(
  { PORT, SITE_URL }: Pick<Env, 'PORT' | 'SITE_URL'>,
  own: NodeJS.Dict<string> = process.env,
): Promise<StandIns> {
  const upstreams = await startUpstreams();
  const texts = await Promise.all(
    exampleUserTexts.map(async ({ kind, setting }) => ({ setting, ...(await startUserTexts(kind)) })),
  );
  const identity = await startIdentityProvider({
    siteUrl: SITE_URL,
    // People are the same users after the next start if the provider has the same address.
    port: await freePortNear(PORT),
    resources: Object.fromEntries(texts.map(({ url, scopes }) => [url, scopes])),
  });
  for (const { trust } of texts) trust(identity.issuer);
  const scopes = ['mail', ...Object.keys(proxiedUpstreams).map((name) => `proxy.${name}`)];
  const ofUsers = Object.fromEntries(texts.map(({ setting, url }) => [setting, url]));
  const serviceKey = `demo_${randomBytes(16).toString('base64url')}`;
  const digest = createHash('sha256').update(serviceKey).digest('hex');
  return {
    env: {
      ...upstreams.env,
      // A provider of one's own can be tried, too.
      ...(own.OIDC_ISSUER ? {} : { ...ofUsers, ...identity.env, OIDC_NAME: 'the demo’s stand-in' }),
      EMAIL_SIGN_IN: own.EMAIL_SIGN_IN || '*',
      SERVICE_KEYS: [own.SERVICE_KEYS, `demo:${digest}:${scopes.join('+')}`].filter(Boolean).join(','),
    },
    description: `
Open ${SITE_URL}   The data of other backends is synthetic.

  sign in      ${SITE_URL}/sign-in as one of three made-up people, or with any email address
  mails        ${SITE_URL}/inbox
  API          ${SITE_URL}/docs
  service key  ${serviceKey} for the endpoints that are not public
`,
    close: async () => {
      await Promise.all([upstreams, identity, ...texts].map(({ close }) => close()));
    },
  };
}

/** Returns the next port if nothing listens there, else 0 for any. */
async function freePortNear(port: number): Promise<number> {
  return requireFreePort(port + 1, '127.0.0.1').then(
    () => port + 1,
    () => 0,
  );
}

/** Returns the settings of the stand-ins that are not set. The service keys are those of both. */
export function unsetOnly(env: StandIns['env'], own: NodeJS.Dict<string>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name === 'SERVICE_KEYS' || !own[name]));
}
