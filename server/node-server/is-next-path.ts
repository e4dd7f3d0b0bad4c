import { nextPaths } from '#server/custom/next-paths.ts';

/**
 * Returns whether the team's own list leaves a path to Next.
 *
 * @param list paths; one that ends with a slash stands for all paths below it
 */
export function isNextPath(path: string, list: readonly string[] = nextPaths): boolean {
  return list.some((each) => path === each || (each.endsWith('/') && path.startsWith(each)));
}
