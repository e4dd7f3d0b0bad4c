import type { WorkerProcess } from './worker-process.ts';

/**
 * Delivery of mails is one worker's: several would only be in each other's way. It goes to another when that one ends
 * or gives it up.
 */
export function createMailLeader(members: ReadonlySet<WorkerProcess>) {
  let holder: WorkerProcess | undefined;

  function assign(): void {
    if (holder) return;
    // The youngest: in a rolling restart the others are about to leave.
    holder = [...members].filter(({ state }) => state === 'loaded').at(-1);
    holder?.send({ kind: 'deliver' });
  }

  return {
    /** Gives it to somebody, where nobody has it. */
    assign,
    wake: () => holder?.send({ kind: 'wakeDelivery' }),
    vacate(member: WorkerProcess): void {
      if (holder !== member) return;
      holder = undefined;
      assign();
    },
  };
}
