import type { AnyProcedure, AnyRouter } from '@trpc/server';
import { z } from 'zod';
import type { ProcedureMeta } from '../procedure-meta.ts';
import { appRouter } from '../router.ts';

/** A procedure read as data: what the door, the limits and all documentation go by. */
export type ProcedureEntry = {
  /** `namespace.name` */
  path: string;
  type: 'query' | 'mutation';
  meta: ProcedureMeta;
  input: z.ZodType;
  output: z.ZodType;
};

const metaSchema = z.object({
  summary: z.string().min(1),
  description: z.string().min(1),
  sensitive: z.boolean(),
  rateLimit: z.enum(['light', 'upstream', 'mail']),
  form: z.boolean().exactOptional(),
  scope: z.string().exactOptional(),
});

/**
 * Every procedure of a router by its path.
 *
 * @throws Error naming a procedure without meta, `.input()` or `.output()`, so that a forgotten one stops the start
 */
export function readProcedures(router: AnyRouter): ReadonlyMap<string, ProcedureEntry> {
  // tRPC keeps them flat under dotted keys, which its types do not tell.
  const procedures: Record<string, AnyProcedure> = router._def.procedures;
  return new Map(
    Object.entries(procedures).map(([path, procedure]) => [path, readProcedure(path, procedure)]),
  );
}

function readProcedure(path: string, procedure: AnyProcedure): ProcedureEntry {
  const definition: { type: string; meta?: unknown; inputs?: readonly unknown[]; output?: unknown } =
    procedure._def;
  const meta = metaSchema.safeParse(definition.meta);
  if (!meta.success)
    throw new Error(`Procedure ${path} has no complete meta: ${z.prettifyError(meta.error)}`);
  const [input, ...others] = definition.inputs ?? [];
  const { type, output } = definition;
  if (!(input instanceof z.ZodType) || others.length > 0)
    throw new Error(`Procedure ${path} needs one .input()`);
  if (!(output instanceof z.ZodType)) throw new Error(`Procedure ${path} has no .output()`);
  if (type !== 'query' && type !== 'mutation')
    throw new Error(`Procedure ${path} is a ${type}, which is not served`);
  return { path, type, meta: meta.data, input, output };
}

export const procedures = readProcedures(appRouter);
