import { vi } from 'vitest';
import { z } from 'zod';
import type { Product } from './product.ts';

const lineSchema = z.looseObject({
  level: z.string(),
  requestId: z.string().optional(),
  reason: z.string().optional(),
  err: z.looseObject({ message: z.string(), stack: z.string().optional() }).optional(),
});

export type LoggedError = NonNullable<z.infer<typeof lineSchema>['err']>;

/** Waits for the error line of a failed request. The log comes over a pipe, so it may arrive after the response. */
export function failureLine(product: Pick<Product, 'log'>, requestId: string) {
  return vi.waitFor(
    () => {
      const line = product
        .log()
        .split('\n')
        .filter((text) => text.startsWith('{'))
        .map((text) => lineSchema.parse(JSON.parse(text)))
        .find((line) => line.requestId === requestId && line.err !== undefined);
      if (!line) throw new Error(`the log has no failure of request ${requestId}`);
      return line;
    },
    { timeout: 10_000, interval: 20 },
  );
}
