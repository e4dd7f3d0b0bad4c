import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, vi } from 'vitest';
import { z } from 'zod';
import { logLines } from '#tests/http/support/log.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

const serves = z.object({ msg: z.literal('worker serves'), worker: z.int(), pid: z.int() });
const written = z.object({ worker: z.int(), requestId: z.string(), msg: z.literal('request') });

export type Workers = ReadonlyMap<number, number>;

/** Every worker that has come to serve so far: its number and its process. */
export function workersOf(product: Pick<Product, 'log'>): Workers {
  const lines = logLines(product).flatMap((line) => serves.safeParse(line).data ?? []);
  return new Map(lines.map(({ worker, pid }) => [worker, pid]));
}

/** Waits until so many workers have come to serve since the start. */
export function untilServed(product: Pick<Product, 'log'>, count: number): Promise<Workers> {
  return vi.waitFor(
    () => {
      const workers = workersOf(product);
      expect(workers.size).toBeGreaterThanOrEqual(count);
      return workers;
    },
    { timeout: 60_000, interval: 20 },
  );
}

/** The product with two workers, both of which serve. */
export async function startTwo(env: Record<string, string> = {}): Promise<Product> {
  const product = await startProduct({ WEB_CONCURRENCY: '2', ...env });
  await untilServed(product, 2);
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

/** The process of a worker. */
export function pidOf(product: Pick<Product, 'log'>, worker: number): number {
  const pid = workersOf(product).get(worker);
  if (pid === undefined) throw new Error(`worker ${worker} has never served`);
  return pid;
}

type Sent = { method?: string; headers?: Record<string, string>; body?: string; agent?: Agent | false };
export type Answer = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
};

/** One request, on a connection of its own unless an agent says otherwise. */
export function ask({ baseUrl }: Pick<Product, 'baseUrl'>, path: string, sent: Sent = {}): Promise<Answer> {
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

/** A call that costs little and depends on nothing. */
export const echo = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"json":1}' };
export const askEcho = (product: Pick<Product, 'baseUrl'>, sent: Sent = {}) =>
  ask(product, '/api/trpc/echo.body', { ...echo, ...sent, headers: { ...echo.headers, ...sent.headers } });

/** Which worker wrote of a request. */
export async function workerOf(product: Pick<Product, 'log'>, { headers }: Answer): Promise<number> {
  const requestId = String(headers['x-request-id']);
  return vi.waitFor(
    () => {
      const line = product
        .log()
        .split('\n')
        .find((text) => text.includes(requestId) && text.endsWith('}'));
      return written.parse(JSON.parse(line ?? '{}')).worker;
    },
    { timeout: 10_000, interval: 20 },
  );
}

/** Asks on new connections until every worker has answered at least once, and so often at least. */
export async function askEveryWorker(
  product: Product,
  send: () => Promise<Answer>,
  { workers = 2, atLeast = 8, atOnce = 8 } = {},
): Promise<Answer[]> {
  const answers: Answer[] = [];
  const seen = new Set<number>();
  while (answers.length < atLeast || seen.size < workers) {
    const round = await Promise.all(Array.from({ length: atOnce }, send));
    for (const answer of round) seen.add(await workerOf(product, answer));
    answers.push(...round);
    if (answers.length > 800) throw new Error(`only the workers ${[...seen]} answer`);
  }
  return answers;
}

type Attempt = { startedAt: number; status?: number; error?: unknown };

/** Callers that send one request after the other until they are told to stop. */
export function keepAsking(
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
        attempt.status = (await askEcho(product, { agent })).status;
      } catch (error) {
        attempt.error = error;
      }
    }
  }
  const calls = Array.from({ length: callers }, call);

  return {
    attempts,
    failed: () => attempts.filter(({ status, error }) => error !== undefined || (status ?? 200) !== 200),
    /** Waits for as many answers more. */
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
