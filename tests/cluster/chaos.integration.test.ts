import { expect } from 'vitest';
import { runClusterChaos } from '#tests/chaos/cluster/run.ts';
import { testWith } from '#tests/support/skip.ts';

const test = testWith('redis', 'postgres', 'haproxy');

// The short form of `npm run chaos:cluster`.
test('three instances behind a balancer survive the failure of every dependency without losing an accepted mail', {
  timeout: 300_000,
}, async () => {
  const { phases, mails, users, streams, violations } = await runClusterChaos({
    seed: 7,
    span: 1_000,
    rounds: 1,
  });
  expect(violations).toEqual([]);
  expect(mails).toMatchObject({ lost: 0, dead: 0, moreThanTwice: 0, delivered: mails.accepted });
  expect(users.signIns).toBeGreaterThan(5);
  expect(users.signOuts).toBeGreaterThan(2);
  expect(users.calls).toBeGreaterThan(20);
  expect(users.tokenRequests).toBeGreaterThan(users.signIns);
  expect(streams.completed).toBe(streams.followed);
  expect(streams.resumed).toBeGreaterThan(10);
  const figuresOf = (phase: string) => phases.find((each) => each.phase === phase);
  // The faults must have had an effect, otherwise the run proves nothing.
  expect(figuresOf('PostgreSQL restarts')?.failed).toBeGreaterThan(0);
  expect(figuresOf('an upstream fails')?.failed).toBeGreaterThan(0);
  for (const { phase, requests } of phases) expect(requests, phase).toBeGreaterThan(0);
  expect(phases.reduce((sum, { limited }) => sum + limited, 0)).toBeGreaterThan(0);
});
