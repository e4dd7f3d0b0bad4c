import { type ReactNode, useId } from 'react';

/**
 * A table whose first column has the row headers. On a narrow screen it scrolls on its own, and says so.
 *
 * @param minWidth the class of the width below which the table scrolls
 */
export function ForecastTable(props: {
  title: string;
  columns: string[];
  rows: ReactNode[][];
  minWidth: 'table-hours' | 'table-days';
}) {
  const { title, columns, rows, minWidth } = props;
  const id = useId();
  return (
    <div className={`table-frame space-y-2 ${minWidth}`}>
      <h3 id={id}>{title}</h3>
      <p className="scroll-hint text-muted text-sm">
        Scroll the table sideways to see all {columns.length} columns.
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section className="table-scroll card" aria-labelledby={id} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th key={column} scope="col">
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([head, ...cells], row) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity; times repeat after a day
              <tr key={row}>
                <th scope="row">{head}</th>
                {cells.map((cell, column) => (
                  <td key={columns[column + 1]}>{cell}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}
