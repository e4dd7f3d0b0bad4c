import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { callerCore } from './pinned.ts';
import { processorSeconds, residentMegabytes } from './processes.ts';
import { requireTool } from './tools.ts';

export type Call = {
  method: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** What every answer's status must be. */
  status: number;
};

export type Measured = {
  requests: number;
  perSecond: number;
  /** Microseconds, of a caller that waits for each answer before it asks again. */
  p50: number;
  p99: number;
  /** Microseconds of the server's processor for each request. */
  processor: number;
  /** Megabytes that the server held after it. */
  resident: number;
};

export type Target = { baseUrl: string; pid: number };

const summarySchema = z.object({
  requests: z.int(),
  microseconds: z.int(),
  refused: z.int(),
  broken: z.int(),
  p50: z.number(),
  p99: z.number(),
});

/**
 * Calls over and over on a few connections, and tells what that cost the server. wrk and no generator of Node's: it
 * times in microseconds, and takes so little of its core that what is timed is the server.
 */
export async function load(
  target: Target,
  call: Call,
  { seconds, connections, folder }: { seconds: number; connections: number; folder: string },
): Promise<Measured> {
  const before = processorSeconds(target.pid);
  const summary = await runWrk(`${target.baseUrl}${call.path}`, call, { seconds, connections, folder });
  const used = processorSeconds(target.pid) - before;
  const { requests, refused, broken } = summary;
  const asExpected = call.status >= 400 ? refused === requests : refused === 0;
  if (!asExpected) {
    throw new Error(
      `${call.method} ${call.path}: ${refused} of ${requests} were refused, ${broken} broke off`,
    );
  }
  return {
    requests,
    perSecond: requests / (summary.microseconds / 1e6),
    p50: summary.p50,
    p99: summary.p99,
    processor: (used * 1e6) / requests,
    resident: residentMegabytes(target.pid),
  };
}

async function runWrk(
  url: string,
  { method, headers = {}, body }: Call,
  { seconds, connections, folder }: { seconds: number; connections: number; folder: string },
): Promise<z.output<typeof summarySchema>> {
  const bodyFile = join(folder, 'body');
  if (body !== undefined) writeFileSync(bodyFile, body);
  const wrk = requireTool('wrk', 'wrk');
  const script = join(import.meta.dirname, 'wrk.lua');
  const options = [`-c${connections}`, '-t1', `-d${seconds}s`, '-s', script, url];
  const child = spawn('taskset', ['--cpu-list', String(callerCore), wrk, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      BENCH_METHOD: method,
      BENCH_HEADERS: Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n'),
      ...(body === undefined ? {} : { BENCH_BODY_FILE: bodyFile }),
    },
  });
  const output = await text(child.stdout);
  const json = /^\{.*\}$/m.exec(output)?.[0];
  if (json === undefined) throw new Error(`wrk said nothing of ${method} ${url}:\n${output}`);
  return summarySchema.parse(JSON.parse(json));
}

/** One call, to see that what is about to be measured is what it should be. */
export async function callOnce({ baseUrl }: Target, call: Call): Promise<{ status: number; body: string }> {
  const answer = await fetch(`${baseUrl}${call.path}`, {
    method: call.method,
    redirect: 'manual',
    ...(call.headers ? { headers: call.headers } : {}),
    ...(call.body === undefined ? {} : { body: call.body }),
  });
  return { status: answer.status, body: await answer.text() };
}
