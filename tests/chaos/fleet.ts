import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type MailRequest, type WorkerSettings, workerLineSchema } from './protocol.ts';

export type Accepted = { key: string; id: string; messageId: string };

type Worker = {
  child: ChildProcess;
  state: 'starting' | 'ready' | 'stopping';
  pending: Map<string, MailRequest>;
};

/**
 * Worker processes that share one storage, and a client that sends them mails. A mail whose worker was killed or
 * rejected it is sent to another worker with the same idempotency key.
 */
export type Fleet = {
  /** Starts one more worker. */
  start(): void;
  send(mail: MailRequest): void;
  /** All receipts in order. A key can have several. */
  accepted: readonly Accepted[];
  /** Sends SIGKILL to a random ready worker. Resolves to whether there was one. */
  killOne(random: () => number): Promise<boolean>;
  /** Sends SIGTERM to ready workers and resolves to their exit codes; workers that are still starting are killed. */
  stop(): Promise<(number | null)[]>;
  /** Sends SIGKILL to all remaining workers. */
  close(): Promise<void>;
};

export type FleetOptions = WorkerSettings & {
  /**
   * Folder for Node's compile cache if the environment names none, because a fleet starts the same program many times.
   */
  cacheFolder: string;
};

export function createFleet({ cacheFolder, ...settings }: FleetOptions): Fleet {
  const workers = new Set<Worker>();
  const queue: MailRequest[] = [];
  const accepted: Accepted[] = [];
  let turn = 0;

  function handleLine(worker: Worker, text: string): void {
    const line = workerLineSchema.parse(JSON.parse(text));
    if (line.kind === 'ready') {
      worker.state = 'ready';
    } else {
      const mail = worker.pending.get(line.key);
      worker.pending.delete(line.key);
      if (line.kind === 'accepted') accepted.push(line);
      else if (mail) queue.push(mail);
    }
    dispatch();
  }

  function dispatch(): void {
    const ready = [...workers].filter((worker) => worker.state === 'ready');
    for (;;) {
      const worker = ready[turn++ % ready.length];
      const mail = worker && queue.shift();
      if (!mail) return;
      worker.pending.set(mail.idempotencyKey, mail);
      worker.child.stdin?.write(`${JSON.stringify(mail)}\n`);
    }
  }

  async function terminate(worker: Worker, signal: NodeJS.Signals): Promise<number | null> {
    const { child } = worker;
    worker.state = 'stopping';
    // Wait for `close` rather than `exit`: receipts written before the exit count, so the output is read to the end.
    const closed = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined;
    child.kill(signal);
    await closed;
    workers.delete(worker);
    queue.push(...worker.pending.values());
    dispatch();
    return child.exitCode;
  }

  /** Kills all workers except those that are stopping already. */
  async function close(): Promise<void> {
    const remaining = [...workers].filter((worker) => worker.state !== 'stopping');
    await Promise.all(remaining.map((worker) => terminate(worker, 'SIGKILL')));
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
          env: { NODE_COMPILE_CACHE: cacheFolder, ...process.env },
        },
      );
      const worker: Worker = { child, state: 'starting', pending: new Map() };
      workers.add(worker);
      // A write to a worker that was just killed fails; the mail is sent to another worker.
      child.stdin.on('error', () => undefined);
      createInterface({ input: child.stdout }).on('line', (line) => handleLine(worker, line));
    },
    send(mail) {
      queue.push(mail);
      dispatch();
    },
    async killOne(random) {
      const ready = [...workers].filter((worker) => worker.state === 'ready');
      const victim = ready[Math.floor(random() * ready.length)];
      if (victim) await terminate(victim, 'SIGKILL');
      return victim !== undefined;
    },
    async stop() {
      const ready = [...workers].filter((worker) => worker.state === 'ready');
      const codes = Promise.all(ready.map((worker) => terminate(worker, 'SIGTERM')));
      await close();
      return codes;
    },
    close,
  };
}
