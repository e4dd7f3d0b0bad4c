import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, vi } from 'vitest';
import { services } from '#server/services.ts';

/** Nothing listens here, so upstream calls fail at once. */
const closedPort = 'http://127.0.0.1:9';

/** Configures this worker's services with a data folder of their own, and stops them after the test file. */
export function withServices(): void {
  const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-http-'));
  const settings = {
    DATA_DIR: dataDir,
    LOG_LEVEL: 'silent',
    RATE_LIMITS: 'light=100000000/60,upstream=100000000/60,mail=100000000/60,page=100000000/60',
    FIXTURE_READINGS_URL: closedPort,
    FIXTURE_SEARCH_URL: closedPort,
    FIXTURE_ITEMS_URL: closedPort,
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  afterAll(async () => {
    await services().stop();
    await services().upstreams.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
}
