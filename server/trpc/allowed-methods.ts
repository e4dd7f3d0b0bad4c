import type { ProcedureEntry } from './procedure-registry.ts';

/** Mutations and sensitive queries answer POST alone, public queries GET too, which then comes first. */
export function allowedMethodsOf({
  type,
  meta,
}: Pick<ProcedureEntry, 'type' | 'meta'>): readonly ('GET' | 'POST')[] {
  return type === 'mutation' || meta.sensitive ? ['POST'] : ['GET', 'POST'];
}
