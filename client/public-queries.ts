import type { inferRouterInputs } from '@trpc/server';
import type { AppRouter } from '#server/trpc/router.ts';

type Inputs = inferRouterInputs<AppRouter>;
type PathOf<T, Prefix extends string = ''> = {
  [K in keyof T & string]: `${Prefix}${K}`;
}[keyof T & string];

/** `namespace.procedure` of every procedure. */
type ProcedurePath = { [N in keyof Inputs & string]: PathOf<Inputs[N], `${N}.`> }[keyof Inputs & string];

/**
 * The queries that carry nothing personal and may stand in a URL. A query that is missing here travels by
 * POST, which is always safe; a test holds this list against the router.
 */
export const publicQueries = ['echo.request', 'email.status'] as const satisfies readonly ProcedurePath[];

export function isPublicQuery(path: string): boolean {
  return publicQueries.some((query) => query === path);
}
