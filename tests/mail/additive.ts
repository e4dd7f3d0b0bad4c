const creates = /^create (table|index) /i;
const addsColumn = /^alter table \w+ add column (?<column>.*)$/i;
/** What a release that does not know the column would run into. */
const binds = /\b(unique|references|check|primary key|generated)\b/i;

/** Whether a statement leaves everything that an older release reads and writes as it was. */
export function isAdditive(statement: string): boolean {
  const sql = statement.trim();
  if (creates.test(sql)) return true;
  const column = addsColumn.exec(sql)?.groups?.column;
  if (column === undefined || binds.test(column)) return false;
  return !/\bnot null\b/i.test(column) || /\bdefault\b/i.test(column);
}
