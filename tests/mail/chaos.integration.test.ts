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
  test('eight random kill -9 under load: every accepted mail is delivered or dead, and sent twice at most', {
    timeout: 180_000,
  }, async () => {
    const report = await runMailChaos({
      ...(await storageEnv(postgres)),
      seed: 7,
      kills: 8,
      burst: 10,
      duration: 0,
    });
    expect(report).toMatchObject({ kills: 8, accepted: 80, lost: 0, moreThanTwice: 0, violations: [] });
    expect(report.delivered + report.dead).toBe(report.accepted);
    // Most mails are delivered although the server misbehaves.
    expect(report.delivered).toBeGreaterThan(report.dead);
  });
});
