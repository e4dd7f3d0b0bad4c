import type { ProcedureEntry } from './procedure-registry.ts';

/** Returns the HTTP methods of a procedure: POST only for mutations and sensitive queries, otherwise GET first. */
export function allowedMethodsOf({
  type,
  meta,
}: Pick<ProcedureEntry, 'type' | 'meta'>): readonly ('GET' | 'POST')[] {
  return type === 'mutation' || meta.sensitive ? ['POST'] : ['GET', 'POST'];
}
