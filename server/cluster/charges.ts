import type { Charged } from '../rate-limit/limiter.ts';
import type { RateLimitName } from '../rate-limit-state.ts';
import { type Charge, chargedSchema } from './messages.ts';

type Waiting = { charge: Charge; calls: ((charged: Charged | undefined) => void)[] };

/**
 * Charges calls at the primary. All of one turn of the event loop go in one message, those to one bucket as one
 * charge: a busy worker says little more than an idle one.
 *
 * @param send undefined when there is no answer
 */
export function createCharges(send: (charges: Charge[]) => Promise<unknown>) {
  let waiting = new Map<string, Waiting>();

  async function flush(): Promise<void> {
    const sent = [...waiting.values()];
    waiting = new Map();
    const { data: answer } = chargedSchema.safeParse(await send(sent.map(({ charge }) => charge)));
    for (const [at, { calls }] of sent.entries()) {
      const charged = answer?.[at];
      for (const [nth, call] of calls.entries()) call(charged && chargedAt(charged, calls.length - 1 - nth));
    }
  }

  return (name: RateLimitName, bucket: string): Promise<Charged | undefined> =>
    new Promise((resolve) => {
      if (waiting.size === 0) setImmediate(() => void flush());
      const key = `${name} ${bucket}`;
      const known = waiting.get(key);
      if (known) {
        known.charge[2] += 1;
        known.calls.push(resolve);
      } else {
        waiting.set(key, { charge: [name, bucket, 1], calls: [resolve] });
      }
    });
}

/** Where the bucket stood for a call after which so many others of its charge came. */
function chargedAt([consumed, msBeforeNext]: [number, number], later: number): Charged {
  return { consumed: consumed - later, msBeforeNext };
}
