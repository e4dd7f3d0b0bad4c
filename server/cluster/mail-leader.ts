import type { WorkerProcess } from './worker-process.ts';

/**
 * Elects the mail leader, the only worker that delivers mails: several would only compete for the same mails. When the
 * leader exits or resigns, another worker becomes the leader.
 */
export function createMailLeader(workers: ReadonlySet<WorkerProcess>) {
  let leader: WorkerProcess | undefined;

  /** Has no effect if there is a leader. */
  function elect(): void {
    if (leader) return;
    // The newest worker: during a rolling restart the others will soon be replaced.
    leader = [...workers].filter(({ state }) => state === 'ready').at(-1);
    leader?.send({ kind: 'becomeMailLeader' });
  }

  return {
    elect,
    wake: () => leader?.send({ kind: 'wakeMailLeader' }),
    /** Elects another worker if this one is the leader. */
    replace(worker: WorkerProcess): void {
      if (leader !== worker) return;
      leader = undefined;
      elect();
    },
  };
}
