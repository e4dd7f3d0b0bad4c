import { UsageError } from '../operator-command.ts';
import { type Change, edit, editBetween } from './change.ts';
import type { Name } from './names.ts';

/** A migration that adds a table, and the type of the table. */
export function newMigration(name: Name): Change[] {
  return [
    edit('server/custom/migrations.ts', (text) => addMigration(text, name)),
    edit(
      'server/custom/tables.ts',
      (text) => addRow(text, name),
      (text) => addTable(text, name),
      editBetween(
        'customKeys = {',
        '} satisfies',
        (keys) => `${withComma(keys, ',')} ${name.snake}: ['id'] `,
      ),
    ),
  ];
}

function addMigration(text: string, { kebab, snake }: Name): string {
  const numbers = [...text.matchAll(/^ {2}'(\d+)-/gm)].map(([, number]) => Number(number));
  const next = String(Math.max(0, ...numbers) + 1).padStart(3, '0');
  const entry = `  '${next}-${kebab}': {
    async up(db) {
      await sql\`
        create table "${snake}" (
          id text primary key,
          created_at \${time} not null
        \${end}\`.execute(db);
    },
  },
`;
  const empty = '() => ({});\n';
  const end = '});\n';
  if (text.endsWith(empty))
    return `import { sql } from 'kysely';\n${text.slice(0, -empty.length)}({ time, end }) => ({\n${entry}${end}`;
  if (text.endsWith(end)) return `${text.slice(0, -end.length)}${entry}${end}`;
  throw new UsageError('server/custom/migrations.ts does not end with the list. Do this step by hand.');
}

/** Adds the type of a row before the list of tables. */
function addRow(text: string, { pascal }: Name): string {
  const list = text.indexOf('export type CustomTables');
  const comment = text.lastIndexOf('/**', list);
  const at = comment < 0 ? list : comment;
  return `${text.slice(0, at)}type ${pascal}Row = { id: string; created_at: number };\n\n${text.slice(at)}`;
}

function addTable(text: string, { snake, pascal }: Name): string {
  const start = 'CustomTables = {';
  const withList = text.replace('CustomTables = Record<never, never>;', `${start} };`);
  return editBetween(start, '};', (tables) => `${withComma(tables, ';')} ${snake}: ${pascal}Row `)(withList);
}

/** Ends a list that is not empty with its separator. */
function withComma(list: string, separator: string): string {
  const trimmed = list.trim();
  return trimmed === '' || trimmed.endsWith(separator) ? trimmed : `${trimmed}${separator}`;
}
