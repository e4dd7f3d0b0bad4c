/** What is told of a procedure in the list of all. */
export type ListedProcedure = {
  path: string;
  summary: string;
  description: string;
  badges: readonly string[];
};

/** Whether every word of the question is somewhere in the path, the summary or the description. */
export function matches(procedure: ListedProcedure, question: string): boolean {
  const text = `${procedure.path} ${procedure.summary} ${procedure.description}`.toLowerCase();
  return question
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** By everything before the last dot, in the order of the list. */
export function byNamespace(procedures: readonly ListedProcedure[]): [string, ListedProcedure[]][] {
  const groups = Map.groupBy(procedures, ({ path }) => path.slice(0, path.lastIndexOf('.')));
  return [...groups];
}
