import { at } from '#tests/upstreams/form.ts';

/** The rows of a payload's block of columns: one object for each `time`, keys as in the payload. */
export function rowsOf(payload: unknown, block: 'hourly' | 'daily'): Record<string, unknown>[] {
  const columns = Object.entries<unknown>(Object(at(payload, block)));
  const count = Number(at(payload, block, 'time', 'length'));
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(columns.map(([name, column]) => [name, at(column, index)])),
  );
}

/** A local time of a payload as an instant, by the payload's one offset. */
export function instantOf(payload: unknown, local: unknown): Date {
  return new Date(Date.parse(`${String(local)}Z`) - Number(at(payload, 'utc_offset_seconds')) * 1000);
}
