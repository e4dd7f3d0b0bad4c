import { expect } from 'vitest';
import { post } from '#tests/support/call.ts';

let calls = 0;

/** Waits until the circuit of the forecasts is closed. Failures of a test may have opened it on a slow machine. */
export async function untilHealthy(product: { baseUrl: string }): Promise<void> {
  const status = async () => {
    calls += 1;
    return (await post(product, 'weather.forecast', { lat: -70, lng: calls / 100 })).status;
  };
  await expect.poll(status, { timeout: 15_000 }).toBe(200);
}
