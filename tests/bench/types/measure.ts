/**
 * Cost of the types as a router grows: a full check by `tsc`, and the latency of a completion in an editor, from the
 * language server of TypeScript 7 (`tsc --lsp`).
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { quantile } from '../support/statistics.ts';
import { table } from '../support/table.ts';
import { generateRouter } from './generate.ts';
import { startLanguageServer } from './language-server.ts';

const sizes = [4, 100, 500] as const;
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');

export type TypesSummary = {
  procedures: number;
  checkSeconds: number;
  memoryMegabytes: number;
  /** From the start of the language server to its first completion. */
  firstCompletionMilliseconds: number;
  /** From a keystroke to the completion. */
  completionMilliseconds: number;
};

export async function measureTypes(): Promise<TypesSummary[]> {
  const summaries: TypesSummary[] = [];
  for (const procedures of sizes) {
    const folder = resolve('tests/.output/bench/types', String(procedures));
    rmSync(folder, { recursive: true, force: true });
    const generated = generateRouter(folder, procedures);
    summaries.push({ procedures, ...check(folder), ...(await complete(folder, generated)) });
  }
  const rows = summaries.map((each) => [
    each.procedures,
    each.checkSeconds,
    Math.round(each.memoryMegabytes),
    Math.round(each.firstCompletionMilliseconds),
    each.completionMilliseconds,
  ]);
  const heads = ['procedures', 'check s', 'memory MB', 'first completion ms', 'completion ms'];
  console.log(`\ntypes\n${table(heads, rows)}`);
  return summaries;
}

function check(folder: string): Pick<TypesSummary, 'checkSeconds' | 'memoryMegabytes'> {
  const times: number[] = [];
  let memory = Number.NaN;
  for (let round = 0; round < 3; round += 1) {
    const run = spawnSync(process.execPath, [tsc, '--project', folder, '--noEmit', '--extendedDiagnostics']);
    const output = run.stdout.toString();
    if (run.status !== 0) throw new Error(`the generated router has errors:\n${output.slice(0, 2_000)}`);
    times.push(Number(/^Total time:\s+([\d.]+)s/m.exec(output)?.[1]));
    memory = Number(/^Memory used:\s+(\d+)K/m.exec(output)?.[1]) / 1000;
  }
  return { checkSeconds: quantile(times, 0.5), memoryMegabytes: memory };
}

const completionsSchema = z.object({ items: z.array(z.object({ label: z.string() })) });

async function complete(
  folder: string,
  { client, position }: ReturnType<typeof generateRouter>,
): Promise<Pick<TypesSummary, 'firstCompletionMilliseconds' | 'completionMilliseconds'>> {
  const startedAt = performance.now();
  const server = startLanguageServer(tsc);
  try {
    const uri = pathToFileURL(client).href;
    const text = readFileSync(client, 'utf8');
    await server.request('initialize', {
      processId: process.pid,
      rootUri: pathToFileURL(folder).href,
      capabilities: {},
    });
    server.notify('initialized', {});
    server.notify('textDocument/didOpen', {
      textDocument: { uri, languageId: 'typescript', version: 1, text },
    });
    const requestCompletion = async () => {
      const result = await server.request('textDocument/completion', { textDocument: { uri }, position });
      const { items } = Array.isArray(result) ? { items: result } : completionsSchema.parse(result);
      if (!JSON.stringify(items).includes('"call1"')) throw new Error('the completion lacks the procedures');
    };
    await requestCompletion();
    const first = performance.now() - startedAt;
    const times: number[] = [];
    for (let version = 2; version < 12; version += 1) {
      server.notify('textDocument/didChange', {
        textDocument: { uri, version },
        contentChanges: [{ text: `${text}// ${version}\n` }],
      });
      const requestedAt = performance.now();
      await requestCompletion();
      times.push(performance.now() - requestedAt);
    }
    return { firstCompletionMilliseconds: first, completionMilliseconds: quantile(times, 0.5) };
  } finally {
    server.close();
  }
}
