import { afterAll, beforeAll, expect, test } from 'vitest';
import { runMailChaos } from '#tests/chaos/run.ts';
import { type PostgresServer, startPostgres } from '#tests/support/postgres.ts';
import { onEachEngine, storageEnv } from './support.ts';

onEachEngine((engine) => {
  let postgres: PostgresServer | undefined;

  beforeAll(async () => {
    if (engine === 'postgres') postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres?.close());

  // The short form of `npm run chaos`.
  test('kill -9 at random, eight times under load: what was accepted is delivered or dead, and taken twice at most', {
    timeout: 180_000,
  }, async () => {
    const report = await runMailChaos({
      ...(await storageEnv(postgres)),
      seed: 7,
      kills: 8,
      burst: 10,
      duration: 0,
    });
    expect(report).toMatchObject({ kills: 8, accepted: 80, lost: 0, more: 0, broken: [] });
    expect(report.delivered + report.dead).toBe(report.accepted);
    // The server misbehaved, and most got through all the same.
    expect(report.delivered).toBeGreaterThan(report.dead);
  });
});
