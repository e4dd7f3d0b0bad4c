import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { residentMegabytes } from '#tests/bench/support/processes.ts';
import { freePort } from '#tests/support/product.ts';
import { startArguments } from '#tests/support/start-command.ts';

export type SoakedProduct = {
  baseUrl: string;
  /** Of what it has written so far; the log itself is not kept. */
  log: { bytes: number; lines: number };
  /** Lines that tell of a defect, the first hundred. */
  defects: readonly string[];
  /** What it holds at the moment. */
  holds(): { residentMegabytes: number; handles: number };
  /** The exit code; null when it was ended by a signal. */
  stop(): Promise<number | null>;
};

const lineSchema = z.looseObject({
  level: z.string(),
  msg: z.string(),
  status: z.int().optional(),
  reason: z.string().optional(),
});

/** One process of the product, with the settings of `npm start` but for these. */
export async function startSoaked(env: Record<string, string>): Promise<SoakedProduct> {
  const port = await freePort();
  const child = spawn(process.execPath, startArguments(), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env, NODE_ENV: 'production', PORT: String(port), WEB_CONCURRENCY: '1' },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the product could not be started');
  const log = { bytes: 0, lines: 0 };
  const defects: string[] = [];
  const lastLines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      log.bytes += line.length + 1;
      log.lines += 1;
      lastLines.push(line);
      if (lastLines.length > 20) lastLines.shift();
      if (defects.length < 100 && tellsOfDefect(line)) defects.push(line.slice(0, 2_000));
    });
  }
  const baseUrl = `http://127.0.0.1:${port}`;
  const giveUpAt = Date.now() + 60_000;
  while (!(await fetch(`${baseUrl}/readyz`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null || Date.now() > giveUpAt) {
      child.kill('SIGKILL');
      throw new Error(`the product did not start:\n${lastLines.join('\n')}`);
    }
    await delay(50);
  }

  return {
    baseUrl,
    log,
    defects,
    holds: () => ({
      residentMegabytes: residentMegabytes(pid),
      handles: readdirSync(`/proc/${pid}/fd`).length,
    }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
  };
}

/** What upstreams did is theirs; what is not JSON is Node's or Next's own cry. */
function tellsOfDefect(line: string): boolean {
  if (!line.startsWith('{')) return /unhandled|uncaught|error|warning/i.test(line);
  const { level, msg, status = 500, reason = '' } = lineSchema.parse(JSON.parse(line));
  if (reason.startsWith('upstream_') || (msg === 'request' && status > 501)) return false;
  return level === 'error' || level === 'fatal';
}
