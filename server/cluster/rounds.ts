import { limits } from '../limits.ts';
import type { Member } from './member.ts';
import type { Inquiry } from './messages.ts';

type Round = { missing: Set<Member>; answers: { member: Member; answer: unknown }[]; finish(): void };

/** Questions that go to several workers. One that ends or hangs meanwhile is not waited for. */
export function createRounds() {
  const rounds = new Map<number, Round>();
  let latest = 0;

  function ask(members: Member[], inquiry: Inquiry): Promise<Round['answers']> {
    latest += 1;
    const id = latest;
    return new Promise((resolve) => {
      function finish(): void {
        clearTimeout(timer);
        rounds.delete(id);
        resolve(round.answers);
      }
      const timer = setTimeout(finish, limits.cluster.roundTimeout);
      const round: Round = { missing: new Set(members), answers: [], finish };
      rounds.set(id, round);
      for (const member of members) member.say({ ...inquiry, id });
      if (members.length === 0) finish();
    });
  }

  function done(round: Round, member: Member): void {
    if (round.missing.delete(member) && round.missing.size === 0) round.finish();
  }

  return {
    ask,
    hear(member: Member, id: number, answer: unknown): void {
      const round = rounds.get(id);
      if (!round) return;
      // Nothing to say, or too early in its life to say anything.
      if (answer !== undefined && answer !== null) round.answers.push({ member, answer });
      done(round, member);
    },
    /** Nothing more comes from this one. */
    forget(member: Member): void {
      for (const round of rounds.values()) done(round, member);
    },
  };
}
