import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Order, type WorkerSettings, workerLineSchema } from './protocol.ts';

export type Accepted = { key: string; id: string; messageId: string };

type Worker = { child: ChildProcess; state: 'starting' | 'ready' | 'ending'; asked: Map<string, Order> };

/**
 * Worker processes on one storage, and a client that gives them mails. An order that got no answer, because its
 * worker was killed or refused it, is given to another one, with the same idempotency key.
 */
export type Fleet = {
  start(): void;
  give(order: Order): void;
  /** Every answer so far, in order: a key that was answered for twice is there twice. */
  accepted: readonly Accepted[];
  /** kill -9 of one that is at work; whether there was one. */
  killOne(random: () => number): Promise<boolean>;
  /** SIGTERM to those at work, which resolves to their exit codes; one that only begins is ended at once. */
  stop(): Promise<(number | null)[]>;
  /** kill -9 of all that are left. */
  close(): Promise<void>;
};

export type FleetOptions = WorkerSettings & {
  /** A folder for what Node compiled: a fleet starts the same program many times. */
  cacheFolder: string;
};

export function createFleet({ cacheFolder, ...settings }: FleetOptions): Fleet {
  const workers = new Set<Worker>();
  const waiting: Order[] = [];
  const accepted: Accepted[] = [];
  let turn = 0;

  function hear(worker: Worker, text: string): void {
    const line = workerLineSchema.parse(JSON.parse(text));
    if (line.kind === 'ready') {
      worker.state = 'ready';
    } else {
      const order = worker.asked.get(line.key);
      worker.asked.delete(line.key);
      if (line.kind === 'accepted') accepted.push(line);
      else if (order) waiting.push(order);
    }
    handOut();
  }

  function handOut(): void {
    const ready = [...workers].filter((worker) => worker.state === 'ready');
    for (;;) {
      const worker = ready[turn++ % ready.length];
      const order = worker && waiting.shift();
      if (!order) return;
      worker.asked.set(order.idempotencyKey, order);
      worker.child.stdin?.write(`${JSON.stringify(order)}\n`);
    }
  }

  async function end(worker: Worker, signal: NodeJS.Signals): Promise<number | null> {
    const { child } = worker;
    worker.state = 'ending';
    // What it said before it ended counts, so its output is read to the end.
    const closed = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined;
    child.kill(signal);
    await closed;
    workers.delete(worker);
    waiting.push(...worker.asked.values());
    handOut();
    return child.exitCode;
  }

  /** Those that are being ended already are left to end. */
  async function close(): Promise<void> {
    const left = [...workers].filter((worker) => worker.state !== 'ending');
    await Promise.all(left.map((worker) => end(worker, 'SIGKILL')));
  }

  return {
    accepted,
    start() {
      const child = spawn(
        process.execPath,
        [
          '--disable-warning=ExperimentalWarning',
          fileURLToPath(new URL('worker.ts', import.meta.url)),
          JSON.stringify(settings),
        ],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
          env: { ...process.env, NODE_COMPILE_CACHE: cacheFolder },
        },
      );
      const worker: Worker = { child, state: 'starting', asked: new Map() };
      workers.add(worker);
      // A write to one that was just killed; the order is given to another.
      child.stdin.on('error', () => undefined);
      createInterface({ input: child.stdout }).on('line', (line) => hear(worker, line));
    },
    give(order) {
      waiting.push(order);
      handOut();
    },
    async killOne(random) {
      const ready = [...workers].filter((worker) => worker.state === 'ready');
      const victim = ready[Math.floor(random() * ready.length)];
      if (victim) await end(victim, 'SIGKILL');
      return victim !== undefined;
    },
    async stop() {
      const atWork = [...workers].filter((worker) => worker.state === 'ready');
      const codes = Promise.all(atWork.map((worker) => end(worker, 'SIGTERM')));
      await close();
      return codes;
    },
    close,
  };
}
