import type { AnyProcedure, AnyRouter } from '@trpc/server';
import { z } from 'zod';
import { type ErrorReason, isErrorReason } from '../errors.ts';
import { examplesOf } from '../lib/json-schema.ts';
import { ProcedureDefinitionError } from './procedure-definition-error.ts';
import type { ProcedureMeta } from './procedure-meta.ts';
import { appRouter } from './router.ts';

/** A procedure read as data: what the door, the limits and all documentation go by. */
export type ProcedureEntry = {
  /** `namespace.name` */
  path: string;
  type: 'query' | 'mutation';
  meta: ProcedureMeta;
  input: z.ZodType;
  output: z.ZodType;
  /** Inputs that it takes, as they are before they travel. None for one that takes nothing, else at least one. */
  examples: readonly unknown[];
};

const metaSchema = z.object({
  summary: z.string().min(1),
  description: z.string().min(1),
  sensitive: z.boolean(),
  rateLimit: z.enum(['light', 'upstream', 'mail']),
  form: z.boolean().exactOptional(),
  scope: z.string().exactOptional(),
  errors: z
    .array(z.custom<ErrorReason>((reason) => typeof reason === 'string' && isErrorReason(reason)))
    .exactOptional(),
});

/**
 * Every procedure of a router by its path.
 *
 * @throws CatalogError naming a procedure without meta, `.input()`, `.output()` or example, so that a forgotten one
 * stops the build
 */
export function readProcedures(router: AnyRouter): ReadonlyMap<string, ProcedureEntry> {
  return new Map(
    Object.entries(proceduresOf(router)).map(([path, procedure]) => [path, readProcedure(path, procedure)]),
  );
}

/** As tRPC built them: flat under dotted keys, which its types do not tell. */
export function proceduresOf(router: AnyRouter): Readonly<Record<string, AnyProcedure>> {
  return router._def.procedures;
}

function readProcedure(path: string, procedure: AnyProcedure): ProcedureEntry {
  const definition: { type: string; meta?: unknown; inputs?: readonly unknown[]; output?: unknown } =
    procedure._def;
  const refuse = (problem: string) => new ProcedureDefinitionError(`Procedure ${path} ${problem}`);
  const meta = metaSchema.safeParse(definition.meta);
  if (!meta.success) throw refuse(`has no complete meta: ${z.prettifyError(meta.error)}`);
  const [input, ...others] = definition.inputs ?? [];
  const { type, output } = definition;
  if (!(input instanceof z.ZodType) || others.length > 0) throw refuse('needs one .input()');
  if (!(output instanceof z.ZodType)) throw refuse('has no .output()');
  if (type !== 'query' && type !== 'mutation') throw refuse(`is a ${type}, which is not served`);
  const examples = examplesOf(input);
  if (examples.length === 0 && takesInput(input)) {
    throw refuse('takes an input and has no example of it: .meta({ examples: [...] }) on its schema');
  }
  for (const [index, example] of examples.entries()) {
    const { error } = input.safeParse(example);
    if (error) throw refuse(`does not take its example ${index + 1}: ${z.prettifyError(error)}`);
  }
  return { path, type, meta: meta.data, input, output, examples };
}

/** `z.void()` stands for none. */
export function takesInput(input: z.ZodType): boolean {
  return !(input instanceof z.ZodVoid);
}

export const procedures = readProcedures(appRouter);
