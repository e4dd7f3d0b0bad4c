import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, vi } from 'vitest';
import { services } from '#server/services.ts';

/** Nothing listens there: a call of an upstream fails at once. */
const nowhere = 'http://127.0.0.1:9';

/** The settings of this worker's one set of services, a folder for its data, and its end with the file. */
export function withServices(): void {
  const dataDir = mkdtempSync(join(tmpdir(), 'typed-bff-door-'));
  const settings = {
    DATA_DIR: dataDir,
    LOG_LEVEL: 'silent',
    RATE_LIMITS: 'light=100000000/60,upstream=100000000/60,mail=100000000/60',
    OPEN_METEO_URL: nowhere,
    OPEN_METEO_AIR_QUALITY_URL: nowhere,
    OPEN_METEO_GEOCODING_URL: nowhere,
    GITHUB_API_URL: nowhere,
  };
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  afterAll(async () => {
    await services().mail.stop();
    await services().upstreams.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
}
