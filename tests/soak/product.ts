import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { processorSeconds, residentMegabytes } from '#tests/bench/support/processes.ts';
import { freePort } from '#tests/support/product.ts';
import { startArguments } from '#tests/support/start-command.ts';

export type SoakedProduct = {
  baseUrl: string;
  /** Size of the log so far. The log itself is not stored. */
  log: { bytes: number; lines: number };
  /** The first hundred log lines that indicate a defect. */
  defects: readonly string[];
  /** Current resource usage. */
  usage(): { residentMegabytes: number; handles: number; processorSeconds: number };
  /** Sends SIGTERM and resolves to the exit code; null after an exit by a signal. */
  stop(): Promise<number | null>;
};

const lineSchema = z.looseObject({
  level: z.string(),
  msg: z.string(),
  status: z.int().optional(),
  reason: z.string().optional(),
});

/** Starts one process of the product with the settings of `npm start`, overridden by `env`. */
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
      if (defects.length < 100 && indicatesDefect(line)) defects.push(line.slice(0, 2_000));
    });
  }
  const baseUrl = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  while (!(await fetch(`${baseUrl}/readyz`).catch(() => undefined))?.ok) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the product did not start:\n${lastLines.join('\n')}`);
    }
    await delay(50);
  }

  return {
    baseUrl,
    log,
    defects,
    usage: () => ({
      residentMegabytes: residentMegabytes(pid),
      handles: readdirSync(`/proc/${pid}/fd`).length,
      processorSeconds: processorSeconds(pid),
    }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}

/** Ignores errors caused by upstreams. A line that is not JSON comes from Node or Next. */
function indicatesDefect(line: string): boolean {
  if (!line.startsWith('{')) return /unhandled|uncaught|error|warning/i.test(line);
  const { level, msg, status = 500, reason = '' } = lineSchema.parse(JSON.parse(line));
  if (reason.startsWith('upstream_') || (msg === 'request' && status > 501)) return false;
  return level === 'error' || level === 'fatal';
}
