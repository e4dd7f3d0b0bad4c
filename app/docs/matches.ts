/** A procedure as the list of procedures shows it. */
export type ListedProcedure = {
  path: string;
  summary: string;
  description: string;
  badges: readonly string[];
};

/** A section of the guide, or an error reason that it explains. */
export type ListedTopic = { title: string; text: string; href: `/docs/calling#${string}` };

/** Returns whether the path, summary or description contains each word of the search query. */
export function matches({ path, summary, description }: ListedProcedure, query: string): boolean {
  return contains(`${path} ${summary} ${description}`, query);
}

/** Returns the topics whose title or text contains each word of the search query. None without words. */
export function topicsFor(topics: readonly ListedTopic[], query: string): readonly ListedTopic[] {
  if (query.trim() === '') return [];
  return topics.filter(({ title, text }) => contains(`${title} ${text}`, query));
}

function contains(text: string, query: string): boolean {
  const lowerCase = text.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lowerCase.includes(word));
}

/** Groups procedures by the part of the path before the last dot, in the order of the list. */
export function byNamespace(procedures: readonly ListedProcedure[]): [string, ListedProcedure[]][] {
  const groups = Map.groupBy(procedures, ({ path }) => path.slice(0, path.lastIndexOf('.')));
  return [...groups];
}
