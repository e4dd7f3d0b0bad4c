import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type StandIn, startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';
import { weatherOf } from './support.ts';

export const paris = { lat: 48.856613, lng: 2.352222, days: 2, units: 'metric' } as const;

/**
 * Starts the stand-ins for a whole test file, on the morning of 15 June 2026. Their recorded requests and faults are
 * cleared before each test.
 */
export function weatherOnStandIns() {
  let running: Upstreams | undefined;
  const upstreams = (): Upstreams => {
    if (!running) throw new Error('the stand-ins are not running yet');
    return running;
  };
  beforeAll(async () => {
    running = await startUpstreams({ clock: () => Date.parse('2026-06-15T10:20:00Z') });
  });
  afterAll(() => running?.close());
  beforeEach(() => {
    const { openMeteo, airQuality, geocoding } = upstreams();
    for (const standIn of [openMeteo, airQuality, geocoding] satisfies StandIn[]) {
      standIn.requests.length = 0;
      standIn.fault(undefined);
    }
  });
  return {
    upstreams,
    /** Creates a service with an empty cache. */
    service: (variables: Record<string, string> = {}) => weatherOf({ ...upstreams().env, ...variables }),
  };
}
