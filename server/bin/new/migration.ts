import { type Change, edit, replace } from './change.ts';
import type { Name } from './names.ts';

/** A migration that adds a table, and the type of the table. */
export function newMigration({ kebab, snake, pascal }: Name): Change[] {
  return [
    edit('server/custom/migrations.ts', (text) => addMigration(text, kebab, snake)),
    edit('server/custom/tables.ts', (text) => {
      const row = `type ${pascal}Row = { id: string; created_at: number };\n\n`;
      const typed = text.includes('Record<never, never>')
        ? replace(
            /CustomTables = Record<never, never>;/,
            () => `CustomTables = { ${snake}: ${pascal}Row };`,
          )(text)
        : replace(/(CustomTables = \{)([^}]*?),?\s*(\};)/, (start = '', rest = '', end = '') => {
            return `${start}${rest}${/[;,]\s*$/.test(rest) ? '' : ';'} ${snake}: ${pascal}Row ${end}`;
          })(text);
      const keyed = replace(
        /(customKeys = \{)([^}]*?),?\s*(\} satisfies)/,
        (start = '', rest = '', end = '') => {
          return `${start}${rest.trim() === '' ? '' : `${rest},`} ${snake}: ['id'] ${end}`;
        },
      )(typed);
      return replace(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\nexport type CustomTables)/, (declaration = '') => {
        return `${row}${declaration}`;
      })(keyed);
    }),
  ];
}

function addMigration(text: string, kebab: string, snake: string): string {
  const number = [...text.matchAll(/^ {2}'(\d+)-/gm)].reduce(
    (last, [, each]) => Math.max(last, Number(each)),
    0,
  );
  const entry = `  '${String(number + 1).padStart(3, '0')}-${kebab}': {
    async up(db) {
      await sql\`
        create table "${snake}" (
          id text primary key,
          created_at \${time} not null
        \${end}\`.execute(db);
    },
  },
`;
  if (number > 0) return replace(/(\n\}\);\n)$/, (end = '') => `\n${entry.trimEnd()}${end}`)(text);
  const declared = replace(/\(\) => \(\{\}\);/, () => `({ time, end }) => ({\n${entry}});`)(text);
  return `import { sql } from 'kysely';\n${declared}`;
}
