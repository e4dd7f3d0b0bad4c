import { expect, vi } from 'vitest';
import { parsePrometheus, total } from '#tests/http/support/prometheus.ts';
import type { Product } from '#tests/support/product.ts';

/** Waits until /readyz and /metrics report this state of the database. */
export async function expectStorage(
  { baseUrl }: Pick<Product, 'baseUrl'>,
  expected: { state: 'ok' } | { state: 'down'; reason: string },
): Promise<void> {
  const isOk = expected.state === 'ok';
  await vi.waitFor(
    async () => {
      const response = await fetch(`${baseUrl}/readyz`);
      expect(await response.json()).toMatchObject({
        status: isOk ? 'ready' : 'not_ready',
        dependencies: { database: { needed: true, ...expected } },
      });
      expect(response.status).toBe(isOk ? 200 : 503);
      const metrics = parsePrometheus(await (await fetch(`${baseUrl}/metrics`)).text());
      expect(total(metrics, 'bff_dependency_up', { dependency: 'database' })).toBe(isOk ? 1 : 0);
    },
    { timeout: 20_000, interval: 100 },
  );
}

/** Returns the lines of the log that contain a text. */
export function linesWith({ log }: Pick<Product, 'log'>, text: string): string[] {
  return log()
    .split('\n')
    .filter((line) => line.includes(text));
}
