/** `npm run outdated`: lists pinned packages that have newer versions. Queries the registry. */
import { spawnSync } from 'node:child_process';
import { z } from 'zod';

const versions = z.object({ current: z.string().default('missing'), wanted: z.string(), latest: z.string() });
const failure = z.object({ error: z.object({ summary: z.string() }) });

const parts: readonly string[] = ['major', 'minor', 'patch'];

/** Returns the first part of the version that differs. Below 1.0.0 a minor version may break as much as a major one. */
function stepOf(current: string, latest: string): string {
  const [from, to] = [current, latest].map((version) => version.split(/[.-]/));
  const differs = [0, 1, 2].findIndex((index) => from?.[index] !== to?.[index]);
  if (differs === 1 && from?.[0] === '0') return 'major';
  return parts[differs] ?? 'prerelease';
}

function table(rows: string[][]): string {
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const { stdout, stderr } = spawnSync('npm', ['outdated', '--json'], { encoding: 'utf8' });
const output: unknown = JSON.parse(stdout.trim() || '{}');
const failed = failure.safeParse(output);
if (failed.success) {
  console.error(`The registry could not be reached: ${failed.data.error.summary}`);
  process.exitCode = 1;
} else {
  const found = z.record(z.string(), versions).safeParse(output);
  if (!found.success) throw new Error(`npm outdated printed unexpected output: ${stderr}`);
  const rows = Object.entries(found.data)
    .map(([name, { current, wanted, latest }]): string[] => [
      name,
      current,
      wanted,
      latest,
      stepOf(wanted, latest),
    ])
    .sort((a, b) => parts.indexOf(a[4] ?? '') - parts.indexOf(b[4] ?? ''));
  if (rows.length === 0) console.log('Every package is the latest.');
  else console.log(table([['package', 'current', 'wanted', 'latest', 'step'], ...rows]));
}
