/**
 * `npm run bench`: what this product costs beside what else one would take, in one run on one machine. Only the ratios
 * mean anything elsewhere, and of those the processor time's are the surest: it is what a request cost, whoever else
 * used the machine.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PreflightError, requireBuild } from '#server/preflight.ts';
import { buildNext, buildPeers } from './http/contenders.ts';
import type { Scenario } from './http/scenarios.ts';
import { measureHttp } from './http/section.ts';
import { type Options, readOptions, type Section } from './options.ts';
import { callerCore } from './support/pinned.ts';
import { BenchError, machine, requireMachine, requireTool } from './support/tools.ts';

const output = 'tests/.output/bench';

type Results = Partial<Record<Section | 'http', unknown>>;

function prepare({ only, contenders, build }: Options): void {
  requireMachine();
  const measured = only.filter((section) => ['rpc', 'text', 'refused'].includes(section));
  if (measured.length > 0) {
    requireTool('wrk', 'wrk');
    buildPeers(contenders, build);
  }
  if (build) buildNext('.');
  requireBuild();
  // This process is the upstreams and the callers: it must not take the servers' core.
  spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(callerCore), String(process.pid)]);
}

async function measure(options: Options, folder: string): Promise<Results> {
  const { only, contenders, rounds, seconds, connections } = options;
  const results: Results = {};
  const groups = (['rpc', 'text', 'refused'] satisfies Scenario['group'][]).filter((group) =>
    only.includes(group),
  );
  if (groups.length > 0) {
    results.http = await measureHttp(groups, contenders, { rounds, seconds, connections, folder });
  }
  return results;
}

/** Under its moment's name, and once more where the last one always is. */
function keep(results: unknown, at: Date): string {
  mkdirSync(output, { recursive: true });
  const file = join(output, `${at.toISOString().replaceAll(':', '-')}.json`);
  for (const name of [file, join(output, 'latest.json')]) {
    writeFileSync(name, `${JSON.stringify(results, undefined, 2)}\n`);
  }
  return file;
}

const startedAt = new Date();
const folder = mkdtempSync(join(tmpdir(), 'typed-bff-bench-'));
try {
  const options = readOptions(process.argv.slice(2));
  prepare(options);
  const measuredOn = machine();
  console.log(measuredOn);
  const results = await measure(options, folder);
  const file = keep({ startedAt, machine: measuredOn, options, results }, startedAt);
  console.log(`\n${file}, ${Math.round((Date.now() - startedAt.getTime()) / 1000)} s`);
} catch (error) {
  if (!(error instanceof BenchError || error instanceof PreflightError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
