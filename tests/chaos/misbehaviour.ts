import type { Fault, FaultAt, SmtpScript } from '#tests/support/smtp-server.ts';

/** Returns a generator of numbers in [0, 1), deterministic per seed (mulberry32, Tommy Ettinger, public domain). */
export function randomSequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Script of an unreliable mail server: about one attempt in seven fails, at any stage. */
export function misbehaving(random: () => number): SmtpScript {
  const sometimes =
    (...faults: [fault: Fault, probability: number][]): FaultAt =>
    () => {
      let remaining = random();
      return faults.find(([, probability]) => {
        remaining -= probability;
        return remaining < 0;
      })?.[0];
    };
  return {
    greeting: sometimes([554, 0.01], ['drop', 0.01]),
    mailFrom: sometimes([451, 0.01], [530, 0.005], [550, 0.005]),
    rcpt: sometimes([450, 0.02], [550, 0.01], ['drop', 0.005]),
    dataCommand: sometimes([451, 0.01], [554, 0.005]),
    body: sometimes(['drop', 0.01]),
    data: sometimes([451, 0.02], [552, 0.005], ['drop', 0.02], ['hang', 0.001]),
  };
}
