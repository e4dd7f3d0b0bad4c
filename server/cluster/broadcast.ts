import { limits } from '../config/limits.ts';
import type { Inquiry } from './ipc-messages.ts';
import type { WorkerProcess } from './worker-process.ts';

type PendingBroadcast = {
  missing: Set<WorkerProcess>;
  answers: { member: WorkerProcess; answer: unknown }[];
  finish(): void;
};

/** Questions that go to several workers. One that ends or hangs meanwhile is not waited for. */
export function createBroadcast() {
  const rounds = new Map<number, PendingBroadcast>();
  let latest = 0;

  function ask(members: WorkerProcess[], inquiry: Inquiry): Promise<PendingBroadcast['answers']> {
    latest += 1;
    const id = latest;
    return new Promise((resolve) => {
      function finish(): void {
        clearTimeout(timer);
        rounds.delete(id);
        resolve(round.answers);
      }
      const timer = setTimeout(finish, limits.cluster.broadcastTimeout);
      const round: PendingBroadcast = { missing: new Set(members), answers: [], finish };
      rounds.set(id, round);
      for (const member of members) member.send({ ...inquiry, id });
      if (members.length === 0) finish();
    });
  }

  function done(round: PendingBroadcast, member: WorkerProcess): void {
    if (round.missing.delete(member) && round.missing.size === 0) round.finish();
  }

  return {
    ask,
    hear(member: WorkerProcess, id: number, answer: unknown): void {
      const round = rounds.get(id);
      if (!round) return;
      // Nothing to say, or too early in its life to say anything.
      if (answer !== undefined && answer !== null) round.answers.push({ member, answer });
      done(round, member);
    },
    /** Nothing more comes from this one. */
    forget(member: WorkerProcess): void {
      for (const round of rounds.values()) done(round, member);
    },
  };
}
