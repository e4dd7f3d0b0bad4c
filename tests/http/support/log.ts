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

type ParsedLog = { end: number; lines: { start: number; line: LogLine }[] };

/** Tests poll the log, and a product under load writes megabytes, so each line is parsed once. */
const parsedLogs = new WeakMap<WithLog, ParsedLog>();

/** Returns every complete JSON line that starts after the first `from` characters of the log. */
export function logLines(product: WithLog, from = 0): LogLine[] {
  const parsed = parsedLogs.get(product) ?? { end: 0, lines: [] };
  parsedLogs.set(product, parsed);
  const added = product.log().slice(parsed.end);
  for (const text of added.slice(0, added.lastIndexOf('\n') + 1).split(/(?<=\n)/)) {
    if (text.startsWith('{')) {
      parsed.lines.push({ start: parsed.end, line: lineSchema.parse(JSON.parse(text)) });
    }
    parsed.end += text.length;
  }
  return parsed.lines.filter(({ start }) => start >= from).map(({ line }) => line);
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
