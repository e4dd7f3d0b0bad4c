import { post, resultOf } from './call.ts';

/** Inputs that are never cached, for tests with more upstream failures than the circuit breaker tolerates. */
const inputs: Record<string, (n: number) => unknown> = {
  'fixture.reading': (n: number) => ({ lat: -60, lng: n / 100 }),
  'weather.forecast': (n: number) => ({ lat: -60, lng: n / 100 }),
  'weather.places': (n: number) => ({ name: `Healthy ${n}` }),
  'fixture.search': (n: number) => ({ name: `Healthy ${n}` }),
  'proxy.items.render': (n: number) => ({ body: { text: `healthy ${n}` } }),
};

let calls = 0;

function freshInput(procedure: string): unknown {
  const input = inputs[procedure];
  if (!input) throw new Error(`No inputs are known for ${procedure}.`);
  calls += 1;
  return input(calls);
}

/**
 * Makes uncached calls that succeed, so that the next failures stay below half of the circuit breaker's window for that
 * upstream: one failing call counts as up to three failures.
 */
export async function addSuccesses(
  product: { baseUrl: string },
  procedure: string,
  count = 8,
): Promise<void> {
  const successes = Array.from({ length: count }, async () => {
    await resultOf(await post(product, procedure, freshInput(procedure)));
  });
  await Promise.all(successes);
}
