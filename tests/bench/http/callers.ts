import { TestBrowser } from '#tests/identity/browser.ts';
import { send } from '#tests/identity/send.ts';
import { freePort } from '#tests/support/product.ts';
import { type IdentityProvider, startIdentityProvider } from '#tests/support/upstreams/identity-provider.ts';
import { json, mutation } from './calls.ts';
import { type Running, start } from './contenders.ts';
import { type Effort, measureScenario } from './measure.ts';
import { printScenario, type Summary, summarize } from './report.ts';

/**
 * Measures the same call of a visitor, of a user with a session cookie and of a user with an access token, round by round
 * at one server: what it costs to know the user.
 */
export async function measureCallers(effort: Effort): Promise<Summary[]> {
  const port = await freePort();
  const siteUrl = `http://localhost:${port}`;
  const provider = await startIdentityProvider({ siteUrl });
  const server = await start('f', {
    folder: effort.folder,
    env: { ...provider.env, SITE_URL: siteUrl },
    port,
  });
  try {
    const headers: Record<string, Readonly<Record<string, string>>> = {
      visitor: {},
      'session cookie': await sessionHeaders(siteUrl),
      'access token': await tokenHeaders(provider, siteUrl),
    };
    const running = Object.keys(headers).map((name): Running => {
      return { ...server, contender: { ...server.contender, name } };
    });
    const rows = await measureScenario(
      {
        name: 'mutation by caller',
        group: 'rpc',
        callOf: (_, { name }) => ({ ...mutation.trpc, headers: { ...json, ...headers[name] } }),
        expected: '"world"',
      },
      running,
      effort,
    );
    const summaries = rows.map((row) => summarize(row, { visitor: rows[0] }));
    printScenario('mutation by caller', summaries);
    return summaries;
  } finally {
    await server.close();
    await provider.close();
  }
}

async function sessionHeaders(siteUrl: string): Promise<Record<string, string>> {
  const browser = new TestBrowser(siteUrl, send);
  await browser.signIn('ada');
  const headers = { cookie: `session=${browser.cookie('session')}`, 'sec-fetch-site': 'same-origin' };
  await requireUser(siteUrl, headers);
  return headers;
}

async function tokenHeaders(provider: IdentityProvider, siteUrl: string): Promise<Record<string, string>> {
  const now = Math.floor(Date.now() / 1_000);
  const claims = { iss: provider.issuer, aud: siteUrl, sub: 'ada', client_id: 'bench', jti: 'bench' };
  const token = await provider.sign(
    { ...claims, iat: now, exp: now + 24 * 3_600, scope: 'openid' },
    'at+jwt',
  );
  const headers = { authorization: `Bearer ${token}` };
  await requireUser(siteUrl, headers);
  return headers;
}

/** @throws Error if the product does not know the user: the figures would be those of a visitor */
async function requireUser(siteUrl: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(`${siteUrl}/api/trpc/session.current`, {
    method: 'POST',
    headers: { ...json, ...headers },
    body: '{}',
  });
  const body = await response.text();
  if (!body.includes('"roles"')) throw new Error(`not a call of a user: ${response.status} ${body}`);
}
