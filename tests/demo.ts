/**
 * `npm run demo`: builds the product, unless nothing has changed since the last build, and serves it with stand-in
 * upstreams on loopback. No account, no internet.
 */
import { isBuildCurrent, requireFreePort, StartupCheckError } from '#server/bin/startup-checks.ts';
import { ConfigurationError, parseEnv } from '#server/config/env.ts';
import { endWithNpm } from '#server/process/end-with-npm.ts';
import { runCommand } from './support/run-command.ts';
import { startStandIns } from './support/stand-ins.ts';
import { startArguments } from './support/start-command.ts';

endWithNpm();

try {
  const env = parseEnv(process.env);
  // Everybody who reaches the demo can read its inbox.
  const HOST = env.HOST ?? '127.0.0.1';
  // Checked before the build, which takes a while.
  await requireFreePort(env.PORT, HOST);
  process.exitCode = isBuildCurrent() ? 0 : await runCommand(['server/bin/launch.ts', 'build'], {});
  if (process.exitCode === 0) {
    const standIns = await startStandIns(env);
    console.log(standIns.description);
    process.exitCode = await runCommand(startArguments(), {
      ...standIns.env,
      DEMO: '1',
      HOST,
      // One visitor needs no more than one worker, and one worker starts sooner.
      WEB_CONCURRENCY: process.env.WEB_CONCURRENCY || '1',
    });
    await standIns.close();
  }
} catch (error) {
  if (!(error instanceof ConfigurationError || error instanceof StartupCheckError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
