import cluster from 'node:cluster';
import { compileCacheOfChild } from '../compile-cache.ts';
import { type FromWorker, fromWorkerSchema, type ToWorker } from './messages.ts';

/** How a process ended: one of both is null. */
export type End = { code: number | null; signal: string | null };

/** A worker as the primary sees it. */
export type Member = {
  id: number;
  pid: number | undefined;
  /** starting until its pages are loaded, leaving once it was told to end. */
  state: 'starting' | 'loaded' | 'leaving';
  /** It listens to what it is told. */
  greeted: boolean;
  startedAt: number;
  say(message: ToWorker): void;
  kill(): void;
  /** Resolves when it serves pages, or has ended before. */
  loaded: Promise<boolean>;
  /** Resolves once nothing more is heard of it. */
  ended: Promise<End>;
};

/** Starts a worker. */
export function startMember(hear: (member: Member, message: FromWorker) => void): Member {
  const worker = cluster.fork(compileCacheOfChild());
  const loaded = Promise.withResolvers<boolean>();
  const ended = whenEnded();
  void ended.then(() => loaded.resolve(false));

  function happens(event: 'exit' | 'disconnect' | 'error'): Promise<void> {
    return new Promise((resolve) => {
      worker.once(event, () => resolve());
    });
  }

  async function whenEnded(): Promise<End> {
    // What it said last may come after its end, until the channel is closed. One that could not be started has neither.
    const gone = Promise.all([happens('exit'), happens('disconnect')]);
    await Promise.race([gone, happens('error')]);
    if (worker.process.pid !== undefined) await gone;
    return { code: worker.process.exitCode, signal: worker.process.signalCode };
  }

  const member: Member = {
    id: worker.id,
    pid: worker.process.pid,
    state: 'starting',
    greeted: false,
    startedAt: performance.now(),
    // A worker that has just ended hears nothing more, which is nobody's fault.
    say: (message) => void worker.process.send(message, undefined, undefined, () => undefined),
    kill: () => void worker.process.kill('SIGKILL'),
    loaded: loaded.promise,
    ended,
  };
  worker.on('error', () => undefined);
  worker.on('message', (given: unknown) => {
    const { data: message } = fromWorkerSchema.safeParse(given);
    if (!message) return;
    if (message.kind === 'loaded') {
      if (member.state === 'starting') member.state = 'loaded';
      loaded.resolve(true);
    }
    hear(member, message);
  });
  return member;
}
