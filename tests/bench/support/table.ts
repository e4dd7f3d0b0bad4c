export type Cell = string | number | undefined;

/** Formats an aligned table: numbers to the right, words to the left, a dash for an empty cell. */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => heads.map((_, column) => textOf(row[column])));
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const isRightAligned = heads.map((_, column) => rows.some((row) => typeof row[column] === 'number'));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isRightAligned[column] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [line(heads), widths.map((width) => '-'.repeat(width)).join('  '), ...texts.map(line)].join('\n');
}

/** Formats a number with three significant digits, but at most three decimals. */
function textOf(cell: Cell): string {
  if (cell === undefined || Number.isNaN(cell)) return '-';
  if (typeof cell === 'string') return cell;
  if (cell === 0 || Number.isInteger(cell)) return String(cell);
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(cell))));
  return cell.toFixed(Math.min(decimals, 3));
}
