import { expect } from 'vitest';
import { post, resultOf } from './call.ts';

/** Inputs that are never cached, for tests with more upstream failures than the circuit breaker tolerates. */
const procedures = {
  'weather.forecast': (n: number) => ({ lat: -60, lng: n / 100 }),
  'weather.places': (n: number) => ({ name: `Healthy ${n}` }),
  'proxy.github.renderMarkdown': (n: number) => ({ body: { text: `healthy ${n}` } }),
};

let calls = 0;

/**
 * Makes uncached calls that succeed, so that the next failures stay below half of the circuit breaker's window for that
 * upstream: one failing call counts as up to three failures.
 */
export async function addSuccesses(
  product: { baseUrl: string },
  procedure: keyof typeof procedures,
  count = 8,
): Promise<void> {
  const successes = Array.from({ length: count }, async () => {
    calls += 1;
    await resultOf(await post(product, procedure, procedures[procedure](calls)));
  });
  await Promise.all(successes);
}

/** Waits until the circuit is closed. Failures of a test may have opened it on a slow machine. */
export async function untilHealthy(
  product: { baseUrl: string },
  procedure: keyof typeof procedures,
): Promise<void> {
  const status = async () => {
    calls += 1;
    return (await post(product, procedure, procedures[procedure](calls))).status;
  };
  await expect.poll(status, { timeout: 15_000 }).toBe(200);
}
