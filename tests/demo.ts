/**
 * `npm run demo`: builds the product, unless nothing has changed since the last build, and serves it with stand-in
 * upstreams on loopback. No account, no internet.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { isBuildCurrent, requireFreePort, StartupCheckError } from '#server/bin/startup-checks.ts';
import { ConfigurationError, parseEnv } from '#server/config/env.ts';
import { endWithNpm } from '#server/process/end-with-npm.ts';
import { startArguments } from './support/start-command.ts';
import { startIdentityProvider } from './support/upstreams/identity-provider.ts';
import { startUpstreams } from './support/upstreams/index.ts';
import { notesScopes, startNotes } from './support/upstreams/notes.ts';

endWithNpm();
let running: ChildProcess | undefined;

/** Runs one of the product's own commands and returns its exit code. */
async function launch(parameters: string[], env: Record<string, string>): Promise<number> {
  running = spawn(process.execPath, parameters, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const [code] = await once(running, 'exit');
  return typeof code === 'number' ? code : 0;
}

/** Returns the next port if nothing listens there, else 0 for any. */
async function freePortNear(port: number): Promise<number> {
  return requireFreePort(port + 1, '127.0.0.1').then(
    () => port + 1,
    () => 0,
  );
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => running?.kill(signal));
}

try {
  // Everybody who reaches the demo can read its inbox.
  const { PORT, SITE_URL, HOST = '127.0.0.1' } = parseEnv(process.env);
  // Checked before the build, which takes a while.
  await requireFreePort(PORT, HOST);
  process.exitCode = isBuildCurrent() ? 0 : await launch(['server/bin/launch.ts', 'build'], {});
  if (process.exitCode === 0) {
    const upstreams = await startUpstreams();
    const notes = await startNotes();
    const identity = await startIdentityProvider({
      siteUrl: SITE_URL,
      // People are the same users after the next start if the provider has the same address.
      port: await freePortNear(PORT),
      resources: { [notes.url]: notesScopes },
    });
    notes.trust(identity.issuer);
    const serviceKey = `demo_${randomBytes(16).toString('base64url')}`;
    const digest = createHash('sha256').update(serviceKey).digest('hex');
    console.log(
      `
Open ${SITE_URL}   Weather and GitHub data are synthetic.

  sign in      ${SITE_URL}/sign-in as one of three made-up people, or with any email address
  mails        ${SITE_URL}/inbox
  API          ${SITE_URL}/docs
  service key  ${serviceKey} for the endpoints that are not public
`,
    );
    process.exitCode = await launch(startArguments(), {
      ...upstreams.env,
      // A provider of one's own can be tried, too.
      ...(process.env.OIDC_ISSUER ? {} : { ...notes.env, ...identity.env, OIDC_NAME: 'the demo’s stand-in' }),
      DEMO: '1',
      EMAIL_SIGN_IN: process.env.EMAIL_SIGN_IN || '*',
      SERVICE_KEYS: [process.env.SERVICE_KEYS, `demo:${digest}:mail+proxy.github+proxy.files`]
        .filter(Boolean)
        .join(','),
      HOST,
      // One visitor needs no more than one worker, and one worker starts sooner.
      WEB_CONCURRENCY: process.env.WEB_CONCURRENCY || '1',
    });
    await Promise.all([upstreams.close(), identity.close(), notes.close()]);
  }
} catch (error) {
  if (!(error instanceof ConfigurationError || error instanceof StartupCheckError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
