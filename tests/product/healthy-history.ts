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
  function call(): Promise<Response> {
    turn += 1;
    return post(product, procedure, procedures[procedure](turn));
  }
  // What failed before may have opened the circuit, which closes by itself.
  await expect.poll(async () => (await call()).status, { timeout: 15_000 }).toBe(200);
  await Promise.all(Array.from({ length: calls }, async () => resultOf(await call())));
}
