import { expect } from 'vitest';
import { post, resultOf } from './call.ts';

/** Tests that make an upstream fail ask for more than the circuit breaker would let pass on its own. */
const procedures = {
  'weather.forecast': (turn: number) => ({ lat: -60, lng: turn / 100 }),
  'weather.places': (turn: number) => ({ name: `Healthy ${turn}` }),
  'proxy.github.renderMarkdown': (turn: number) => ({ body: { text: `healthy ${turn}` } }),
};

let turn = 0;

/**
 * Calls of which none is in a cache and all succeed, so that what fails next stays under half of what the circuit
 * breaker of that upstream looks at: one failing call is up to three failures.
 */
export async function keepWell(
  product: { baseUrl: string },
  procedure: keyof typeof procedures,
  calls = 8,
): Promise<void> {
  const asked = Array.from({ length: calls }, async () => {
    turn += 1;
    await resultOf(await post(product, procedure, procedures[procedure](turn)));
  });
  await Promise.all(asked);
}

/** Until a circuit that failures have opened, as they may on a slow machine, has closed again. */
export async function untilWell(
  product: { baseUrl: string },
  procedure: keyof typeof procedures,
): Promise<void> {
  const status = async () => {
    turn += 1;
    return (await post(product, procedure, procedures[procedure](turn))).status;
  };
  await expect.poll(status, { timeout: 15_000 }).toBe(200);
}
