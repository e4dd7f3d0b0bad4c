import { at } from '#tests/upstreams/at.ts';

/** Converts a payload's block of columns to rows: one object for each `time`, with the payload's keys. */
export function rowsOf(payload: unknown, block: 'hourly' | 'daily'): Record<string, unknown>[] {
  const columns = Object.entries<unknown>(Object(at(payload, block)));
  const count = Number(at(payload, block, 'time', 'length'));
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(columns.map(([name, column]) => [name, at(column, index)])),
  );
}

/** Converts a local time of a payload to an instant, using the payload's UTC offset. */
export function instantOf(payload: unknown, local: unknown): Date {
  return new Date(Date.parse(`${String(local)}Z`) - Number(at(payload, 'utc_offset_seconds')) * 1000);
}
