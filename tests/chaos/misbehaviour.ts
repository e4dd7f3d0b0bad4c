import type { Fault, FaultAt, SmtpScript } from '#tests/support/smtp-server.ts';

/** A sequence of numbers in [0, 1) that is the same for the same seed (mulberry32, Tommy Ettinger, public domain). */
export function randomSequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A mail server on a bad day: about one attempt in seven goes wrong, at any stage. */
export function misbehaving(random: () => number): SmtpScript {
  const now =
    (...faults: [fault: Fault, share: number][]): FaultAt =>
    () => {
      let drawn = random();
      return faults.find(([, share]) => {
        drawn -= share;
        return drawn < 0;
      })?.[0];
    };
  return {
    greeting: now([554, 0.01], ['drop', 0.01]),
    mailFrom: now([451, 0.01], [530, 0.005], [550, 0.005]),
    rcpt: now([450, 0.02], [550, 0.01], ['drop', 0.005]),
    dataCommand: now([451, 0.01], [554, 0.005]),
    body: now(['drop', 0.01]),
    data: now([451, 0.02], [552, 0.005], ['drop', 0.02], ['hang', 0.001]),
  };
}
