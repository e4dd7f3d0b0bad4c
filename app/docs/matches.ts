/** A procedure as the list of procedures shows it. */
export type ListedProcedure = {
  path: string;
  summary: string;
  description: string;
  badges: readonly string[];
};

/** Returns whether the path, summary or description contains each word of the search query. */
export function matches(procedure: ListedProcedure, query: string): boolean {
  const text = `${procedure.path} ${procedure.summary} ${procedure.description}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Groups procedures by the part of the path before the last dot, in the order of the list. */
export function byNamespace(procedures: readonly ListedProcedure[]): [string, ListedProcedure[]][] {
  const groups = Map.groupBy(procedures, ({ path }) => path.slice(0, path.lastIndexOf('.')));
  return [...groups];
}
