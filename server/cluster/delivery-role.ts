import type { Member } from './member.ts';

/**
 * Delivery of mails is one worker's: several would only be in each other's way. It goes to another when that one ends
 * or gives it up.
 */
export function createDeliveryRole(members: ReadonlySet<Member>) {
  let holder: Member | undefined;

  function assign(): void {
    if (holder) return;
    // The youngest: in a rolling restart the others are about to leave.
    holder = [...members].filter(({ state }) => state === 'loaded').at(-1);
    holder?.say({ kind: 'deliver' });
  }

  return {
    /** Gives it to somebody, where nobody has it. */
    assign,
    wake: () => holder?.say({ kind: 'wakeDelivery' }),
    vacate(member: Member): void {
      if (holder !== member) return;
      holder = undefined;
      assign();
    },
  };
}
