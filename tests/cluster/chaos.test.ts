import { expect } from 'vitest';
import { runClusterChaos } from '#tests/chaos/cluster/run.ts';
import { testWith } from '#tests/support/skip.ts';

const test = testWith('redis', 'postgres', 'haproxy');

// The short form of `npm run chaos:cluster`.
test('three instances behind a balancer outlive what they stand on, and nothing that was accepted is lost', {
  timeout: 300_000,
}, async () => {
  const { phases, mails, broken } = await runClusterChaos({ seed: 7, span: 1_000, rounds: 1 });
  expect(broken).toEqual([]);
  expect(mails).toMatchObject({ lost: 0, dead: 0, more: 0, delivered: mails.accepted });
  const figuresOf = (phase: string) => phases.find((each) => each.phase === phase);
  // What was broken was felt, or nothing would have been tried.
  expect(figuresOf('PostgreSQL restarts')?.refused).toBeGreaterThan(0);
  expect(figuresOf('an upstream breaks')?.refused).toBeGreaterThan(0);
  for (const { phase, requests } of phases) expect(requests, phase).toBeGreaterThan(0);
  expect(phases.reduce((sum, { limited }) => sum + limited, 0)).toBeGreaterThan(0);
});
