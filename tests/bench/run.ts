/**
 * `npm run bench`: compares the cost of this product with its alternatives, in one run on one machine. Only the ratios
 * are meaningful on another machine. It starts only while other programs leave the processor alone, measures again if
 * they did not, and marks a figure (`!`) that they disturbed each time.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireBuild, StartupCheckError } from '#server/bin/startup-checks.ts';
import { requireChromium } from '#tests/support/chromium.ts';
import { requirePostgres } from '#tests/support/postgres.ts';
import { requirePath } from '#tests/support/requirements.ts';
import { measureCores } from './cores.ts';
import { measureDeployed } from './deployed.ts';
import { measureHandlerOverhead } from './handler-overhead.ts';
import { measureCallers } from './http/callers.ts';
import { measureColdStarts } from './http/cold-start.ts';
import { buildNext, buildPeers, type ContenderId } from './http/contenders.ts';
import type { Scenario } from './http/scenarios.ts';
import { measureHttp } from './http/section.ts';
import { measureStreams } from './http/stream.ts';
import { measureLive } from './live.ts';
import { measureLockedStorage } from './locked-storage.ts';
import { measureMail } from './mail.ts';
import { measureMemory } from './memory.ts';
import { type Options, readOptions, type Section } from './options.ts';
import { measurePages } from './pages.ts';
import { measurePaint } from './paint.ts';
import { otherShare, percent, readUsage, requireQuietMachine } from './support/other-load.ts';
import { callerCore, killAll } from './support/pinned.ts';
import { BenchError, describeMachine, requireMachine, requireTool } from './support/tools.ts';
import { measureTypes } from './types/measure.ts';
import { measureUpstreamCalls } from './upstream-calls.ts';

const output = 'tests/.output/bench';

type Results = Partial<Record<Section | 'http', unknown>>;

function prepare({ only, contenders, build }: Options): void {
  requireMachine();
  const needs = (...sections: Section[]) => sections.some((section) => only.includes(section));
  if (needs('rpc', 'text', 'rejected', 'callers', 'memory', 'cores', 'locked', 'live'))
    requireTool('wrk', 'wrk');
  if (needs('stream')) requireTool('nginx', 'nginx-light');
  if (needs('mail', 'live')) requirePostgres();
  if (needs('live')) requirePath('redis');
  if (needs('paint')) requireChromium();
  const peers: ContenderId[] = needs('rpc', 'text', 'rejected', 'start') ? [...contenders] : [];
  // The application with the Hono routes also has the route that returns the body of `fetch`.
  if (needs('stream')) peers.push('dh');
  if (needs('paint')) peers.push('c');
  buildPeers(peers, build);
  if (build) buildNext('.');
  requireBuild();
  // This process runs the upstreams and the callers, so it must stay off the servers' core.
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(callerCore), String(process.pid)]);
}

async function measure(options: Options, folder: string): Promise<Results> {
  const { only, contenders, rounds, seconds, connections } = options;
  const results: Results = {};
  const groups = (['rpc', 'text', 'rejected'] satisfies Scenario['group'][]).filter((group) =>
    only.includes(group),
  );
  if (groups.length > 0) {
    results.http = await measureHttp(groups, contenders, { rounds, seconds, connections, folder });
  }
  if (only.includes('callers')) {
    results.callers = await measureCallers({ rounds, seconds, connections, folder });
  }
  if (only.includes('stream')) results.stream = await measureStreams(rounds, folder);
  if (only.includes('memory')) results.memory = await measureMemory(connections, folder);
  if (only.includes('cores')) results.cores = await measureCores({ rounds, seconds, connections }, folder);
  if (only.includes('start')) results.start = await measureColdStarts(contenders, rounds, folder);
  if (only.includes('deployed')) results.deployed = measureDeployed();
  if (only.includes('types')) results.types = await measureTypes();
  if (only.includes('upstream')) results.upstream = await measureUpstreamCalls();
  if (only.includes('mail')) results.mail = await measureMail(folder);
  if (only.includes('locked')) {
    results.locked = await measureLockedStorage({ rounds, seconds, connections }, folder);
  }
  if (only.includes('live')) results.live = await measureLive({ rounds, seconds, connections }, folder);
  if (only.includes('paint')) results.paint = await measurePaint(rounds, folder);
  if (only.includes('pages')) results.pages = await measurePages();
  if (only.includes('handler')) results.handler = measureHandlerOverhead();
  return results;
}

/** Writes the results to a file named after the time, and to `latest.json`. */
function saveResults(results: unknown, at: Date): string {
  mkdirSync(output, { recursive: true });
  const file = join(output, `${at.toISOString().replaceAll(':', '-')}.json`);
  for (const name of [file, join(output, 'latest.json')]) {
    writeFileSync(name, `${JSON.stringify(results, undefined, 2)}\n`);
  }
  return file;
}

const startedAt = new Date();
const folder = mkdtempSync(join(tmpdir(), 'typed-bff-bench-'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    console.error(`Stopped by ${signal}`);
    killAll();
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  });
}
try {
  const options = readOptions(process.argv.slice(2));
  prepare(options);
  if (!options.busy) await requireQuietMachine();
  const machine = describeMachine();
  const usage = readUsage();
  console.log(machine);
  const results = await measure(options, folder);
  const others = otherShare(usage, readUsage());
  const file = saveResults({ startedAt, machine, options, others, results }, startedAt);
  console.log(`\nOther programs used ${percent(others)} of a core during the whole run.`);
  console.log(`${file}, ${Math.round((Date.now() - startedAt.getTime()) / 1000)} s`);
} catch (error) {
  if (!(error instanceof BenchError || error instanceof StartupCheckError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  // A failed measurement may have left processes running.
  killAll();
  rmSync(folder, { recursive: true, force: true });
}
