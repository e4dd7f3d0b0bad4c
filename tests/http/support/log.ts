import { vi } from 'vitest';
import { z } from 'zod';
import type { Product } from '#tests/support/product.ts';

const call = z.strictObject({
  id: z.string(),
  procedure: z.string(),
  outcome: z.string(),
  durationMs: z.number().min(0),
});

/** A line of the log; the wide event of a request has all of these. */
const lineSchema = z.looseObject({
  level: z.string(),
  time: z.iso.datetime(),
  msg: z.string(),
  requestId: z.string().optional(),
  method: z.string().optional(),
  route: z.string().optional(),
  status: z.int().optional(),
  durationMs: z.number().min(0).optional(),
  bytesIn: z.int().min(0).optional(),
  bytesOut: z.int().min(0).optional(),
  caller: z.string().optional(),
  calls: z.array(call).optional(),
  reason: z.string().optional(),
  err: z.looseObject({ message: z.string(), stack: z.string().optional() }).optional(),
});

export type LogLine = z.output<typeof lineSchema>;
type Logging = Pick<Product, 'log'>;

/** Every whole JSON line, of those written after `from` characters. */
export function logLines(product: Logging, from = 0): LogLine[] {
  const text = product.log().slice(from);
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => lineSchema.parse(JSON.parse(line)));
}

export function linesOf(product: Logging, requestId: string): LogLine[] {
  return logLines(product).filter((line) => line.requestId === requestId);
}

/** The first line of this kind; the log comes over a pipe, so it may be later than the answer. */
export function untilLogged(product: Logging, isIt: (line: LogLine) => boolean, from = 0): Promise<LogLine> {
  return vi.waitFor(
    () => {
      const line = logLines(product, from).find(isIt);
      if (!line) throw new Error('the log has no such line');
      return line;
    },
    { timeout: 10_000, interval: 20 },
  );
}

/** The one wide event of a request. */
export async function eventOf(product: Logging, requestId: string): Promise<LogLine> {
  return untilLogged(product, (line) => line.requestId === requestId && line.msg === 'request');
}
