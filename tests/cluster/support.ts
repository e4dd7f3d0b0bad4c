import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { z } from 'zod';
import { linesOf, logLines } from '#tests/http/support/log.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

const readyLine = z.object({ msg: z.literal('worker ready'), worker: z.int(), pid: z.int() });
const requestLine = z.object({ worker: z.int(), requestId: z.string(), msg: z.literal('request') });

export type Workers = ReadonlyMap<number, number>;

/** Returns the process id of every worker that has become ready so far, by worker number. */
export function workersOf(product: Pick<Product, 'log'>): Workers {
  const lines = logLines(product).filter(({ msg }) => msg === 'worker ready');
  return new Map(lines.map((line) => readyLine.parse(line)).map(({ worker, pid }) => [worker, pid]));
}

/** Waits until this many workers have become ready since the start. */
export function untilReady(product: Pick<Product, 'log'>, count: number): Promise<Workers> {
  return vi.waitFor(
    () => {
      const workers = workersOf(product);
      expect(workers.size).toBeGreaterThanOrEqual(count);
      return workers;
    },
    { timeout: 60_000, interval: 20 },
  );
}

/** Starts the product with two workers and waits until both are ready. */
export async function startTwo(env: Record<string, string> = {}): Promise<Product> {
  const product = await startProduct({ WEB_CONCURRENCY: '2', ...env });
  await untilReady(product, 2);
  return product;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Returns the process id of a worker. */
export function pidOf(product: Pick<Product, 'log'>, worker: number): number {
  const pid = workersOf(product).get(worker);
  if (pid === undefined) throw new Error(`worker ${worker} has never served`);
  return pid;
}

type RequestOptions = {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  agent?: Agent | false;
};
export type ReceivedResponse = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
};

/** Sends a request. Opens a new connection unless an agent is given. */
export function sendRequest(
  { baseUrl }: Pick<Product, 'baseUrl'>,
  path: string,
  sent: RequestOptions = {},
): Promise<ReceivedResponse> {
  const { method = 'GET', headers = {}, body, agent = false } = sent;
  return new Promise((resolve, reject) => {
    const outgoing = request(`${baseUrl}${path}`, { method, headers, agent }, (incoming) => {
      text(incoming).then(
        (text) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }),
        reject,
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** A cheap call without dependencies. */
const echo = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"json":1}' };
export const callEcho = (product: Pick<Product, 'baseUrl'>, sent: RequestOptions = {}) =>
  sendRequest(product, '/api/trpc/fixture.body', {
    ...echo,
    ...sent,
    headers: { ...echo.headers, ...sent.headers },
  });

/** Returns the number of the worker that logged the request. */
export async function workerOf(
  product: Pick<Product, 'log'>,
  { headers }: ReceivedResponse,
): Promise<number> {
  const requestId = String(headers['x-request-id']);
  return vi.waitFor(
    () => {
      const line = linesOf(product, requestId).find(({ msg }) => msg === 'request');
      return requestLine.parse(line).worker;
    },
    { timeout: 10_000, interval: 20 },
  );
}

/** Sends requests on new connections until every worker has responded, and at least `atLeast` requests. */
export async function reachEveryWorker(
  product: Product,
  send: () => Promise<ReceivedResponse>,
  { workers = 2, atLeast = 8, atOnce = 8 } = {},
): Promise<ReceivedResponse[]> {
  const responses: ReceivedResponse[] = [];
  const seen = new Set<number>();
  while (responses.length < atLeast || seen.size < workers) {
    const round = await Promise.all(Array.from({ length: atOnce }, send));
    for (const response of round) seen.add(await workerOf(product, response));
    responses.push(...round);
    if (responses.length > 800) throw new Error(`only the workers ${[...seen]} respond`);
  }
  return responses;
}

type Attempt = { startedAt: number; status?: number; error?: unknown };

/** Milliseconds between the requests of a caller. Without it, callers use the processor that a new worker starts with. */
const pauseOfCaller = 20;

/** Starts callers that send one request after the other until `stop`. */
export function startCallers(
  product: Product,
  { callers, keepAlive }: { callers: number; keepAlive: boolean },
) {
  const agent = new Agent({ keepAlive });
  const attempts: Attempt[] = [];
  let stopped = false;

  async function call(): Promise<void> {
    while (!stopped) {
      const attempt: Attempt = { startedAt: performance.now() };
      attempts.push(attempt);
      try {
        attempt.status = (await callEcho(product, { agent })).status;
      } catch (error) {
        attempt.error = error;
      }
      await delay(pauseOfCaller);
    }
  }
  const calls = Array.from({ length: callers }, call);

  return {
    attempts,
    failed: () => attempts.filter(({ status, error }) => error !== undefined || (status ?? 200) !== 200),
    /** Waits until this many further requests have been sent. */
    more: (count: number) => {
      const target = attempts.length + count;
      return vi.waitFor(() => expect(attempts.length).toBeGreaterThan(target), {
        timeout: 60_000,
        interval: 10,
      });
    },
    async stop(): Promise<Attempt[]> {
      stopped = true;
      await Promise.all(calls);
      agent.destroy();
      return attempts;
    },
  };
}
