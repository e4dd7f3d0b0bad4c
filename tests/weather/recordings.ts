import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { at } from '#tests/upstreams/form.ts';

const folder = fileURLToPath(new URL('../../../shared/fixtures/open-meteo/', import.meta.url));

/** The names of all recorded answers; they lie beside the repository, not in it. */
export function recordingNames(): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .sort();
  } catch (cause) {
    throw new Error(`No recorded Open-Meteo answers in ${folder} (../shared/fixtures of the repository)`, {
      cause,
    });
  }
}

/** The rows of a recorded block with columns: one object for each `time`, keys as recorded. */
export function rowsOf(recorded: unknown, block: 'hourly' | 'daily'): Record<string, unknown>[] {
  const columns = Object.entries<unknown>(Object(at(recorded, block)));
  const count = Number(at(recorded, block, 'time', 'length'));
  return Array.from({ length: count }, (_, index) =>
    Object.fromEntries(columns.map(([name, column]) => [name, at(column, index)])),
  );
}

/** A local time of a recording as an instant, by the one offset that the recording states. */
export function instantOf(recorded: unknown, local: unknown): Date {
  return new Date(Date.parse(`${String(local)}Z`) - Number(at(recorded, 'utc_offset_seconds')) * 1000);
}
