import type { inferRouterInputs } from '@trpc/server';
import type { AppRouter } from '#server/trpc/router.ts';

type Inputs = inferRouterInputs<AppRouter>;
type PathOf<T, Prefix extends string = ''> = {
  [K in keyof T & string]: `${Prefix}${K}`;
}[keyof T & string];

/** The paths of all procedures, each `namespace.procedure`. */
type ProcedurePath = { [N in keyof Inputs & string]: PathOf<Inputs[N], `${N}.`> }[keyof Inputs & string];

/**
 * Queries without personal data, which may appear in a URL. Queries that are missing here are sent by POST, which is
 * always safe. A test compares this list with the router.
 */
export const publicQueries = ['echo.request', 'email.status'] as const satisfies readonly ProcedurePath[];

export function isPublicQuery(path: string): boolean {
  return publicQueries.some((query) => query === path);
}
