import { vi } from 'vitest';
import { z } from 'zod';
import type { Product } from '#tests/support/product.ts';

const call = z.strictObject({
  id: z.string(),
  procedure: z.string(),
  outcome: z.string(),
  durationMs: z.number().min(0),
});

/** A log line. The wide event of a request has all of these fields except `reason` and `err`. */
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
type WithLog = Pick<Product, 'log'>;

/** Returns every complete JSON line that starts after the first `from` characters of the log. */
export function logLines(product: WithLog, from = 0): LogLine[] {
  const text = product.log().slice(from);
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => lineSchema.parse(JSON.parse(line)));
}

export function linesOf(product: WithLog, requestId: string): LogLine[] {
  return logLines(product).filter((line) => line.requestId === requestId);
}

/** Waits for the first matching line. The log comes over a pipe, so a line may arrive after the response. */
export function untilLogged(
  product: WithLog,
  matches: (line: LogLine) => boolean,
  from = 0,
): Promise<LogLine> {
  return vi.waitFor(
    () => {
      const line = logLines(product, from).find(matches);
      if (!line) throw new Error('the log has no such line');
      return line;
    },
    { timeout: 10_000, interval: 20 },
  );
}

/** Waits for the wide event of a request. */
export async function eventOf(product: WithLog, requestId: string): Promise<LogLine> {
  return untilLogged(product, (line) => line.requestId === requestId && line.msg === 'request');
}
