/**
 * Paths of route handlers of your own that Next serves with every method, in place of the product's routes, for example
 * `/api/hello`, or `/api/users/` with all paths below it. Releases of the product do not change this file.
 * docs/recipes/existing-app.md explains it.
 */
export const nextPaths: readonly string[] = [];
