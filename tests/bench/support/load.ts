import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { maxOtherShare, otherShare, readUsage } from './other-load.ts';
import { callerCore } from './pinned.ts';
import { processorSeconds, residentMegabytes } from './processes.ts';
import { requireTool } from './tools.ts';

export type Call = {
  method: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Expected status of every response. */
  status: number;
};

export type Measured = {
  requests: number;
  perSecond: number;
  /** Microseconds of latency in a closed loop: each connection waits for a response before its next request. */
  p50: number;
  p99: number;
  /** Microseconds of processor time on the server per request. */
  processor: number;
  /** Megabytes of resident memory of the server afterwards. */
  resident: number;
  /** Processor time that programs outside of the bench used meanwhile, as a share of one core. */
  otherShare: number;
};

export type Target = { baseUrl: string; pid: number };

const summarySchema = z.object({
  requests: z.int(),
  microseconds: z.int(),
  errorResponses: z.int(),
  socketErrors: z.int(),
  p50: z.number(),
  p99: z.number(),
});

type Effort = { seconds: number; connections: number; folder: string };

/** Times that a measurement is made, at most, until no other program disturbs it. */
const maxAttempts = 3;

/**
 * Repeats a call on a few connections and measures its cost on the server. Uses wrk rather than a load generator in
 * Node: wrk measures in microseconds and needs so little of its core that the server is the bottleneck. Measures again
 * if other programs used the processor, and returns the least disturbed attempt.
 */
export async function load(target: Target, call: Call, effort: Effort): Promise<Measured> {
  let best = await loadOnce(target, call, effort);
  for (let attempt = 1; attempt < maxAttempts && best.otherShare > maxOtherShare; attempt += 1) {
    const next = await loadOnce(target, call, effort);
    if (next.otherShare < best.otherShare) best = next;
  }
  return best;
}

async function loadOnce(
  target: Target,
  call: Call,
  { seconds, connections, folder }: Effort,
): Promise<Measured> {
  const usage = readUsage();
  const before = processorSeconds(target.pid);
  const summary = await runWrk(`${target.baseUrl}${call.path}`, call, { seconds, connections, folder });
  const used = processorSeconds(target.pid) - before;
  const { requests, errorResponses, socketErrors } = summary;
  const asExpected = call.status >= 400 ? errorResponses === requests : errorResponses === 0;
  if (!asExpected) {
    throw new Error(
      `${call.method} ${call.path}: ${errorResponses} error responses to ${requests} requests, ${socketErrors} socket errors`,
    );
  }
  return {
    requests,
    perSecond: requests / (summary.microseconds / 1e6),
    p50: summary.p50,
    p99: summary.p99,
    processor: (used * 1e6) / requests,
    resident: residentMegabytes(target.pid),
    otherShare: otherShare(usage, readUsage()),
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
  if (json === undefined) throw new Error(`wrk printed no result for ${method} ${url}:\n${output}`);
  return summarySchema.parse(JSON.parse(json));
}

/** Sends one call, to verify the response before it is measured. */
export async function callOnce({ baseUrl }: Target, call: Call): Promise<{ status: number; body: string }> {
  const response = await fetch(`${baseUrl}${call.path}`, {
    method: call.method,
    redirect: 'manual',
    ...(call.headers ? { headers: call.headers } : {}),
    ...(call.body === undefined ? {} : { body: call.body }),
  });
  return { status: response.status, body: await response.text() };
}
