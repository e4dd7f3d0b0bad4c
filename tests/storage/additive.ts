const creates = /^create (table|index) /i;
const addsColumn = /^alter table \w+ add column (?<column>.*)$/i;
/** Constraints that an older release, which does not know the column, would violate. */
const constraint = /\b(unique|references|check|primary key|generated)\b/i;

/** Reports whether an older release still works after a statement. */
export function isAdditive(statement: string): boolean {
  const sql = statement.trim();
  if (creates.test(sql)) return true;
  const column = addsColumn.exec(sql)?.groups?.column;
  if (column === undefined || constraint.test(column)) return false;
  return !/\bnot null\b/i.test(column) || /\bdefault\b/i.test(column);
}
