import type { AnyProcedure, AnyRouter } from '@trpc/server';
import { z } from 'zod';
import { type ErrorReason, isErrorReason } from '../errors.ts';
import { examplesOf, lenientObjects, toJsonSchema } from '../lib/json-schema.ts';
import { readDefinition, rejectLazyRouters } from './procedure-definition.ts';
import { ProcedureDefinitionError } from './procedure-definition-error.ts';
import type { ProcedureMeta } from './procedure-meta.ts';
import { appRouter } from './router.ts';
import { itemOf } from './stream-of.ts';
import { uploadInput } from './upload-input.ts';

/** A procedure as data, for the HTTP checks, the rate limits and the documentation. */
export type ProcedureEntry = {
  /** `namespace.name` */
  path: string;
  type: 'query' | 'mutation' | 'subscription';
  meta: ProcedureMeta;
  input: z.ZodType;
  /** For a subscription, the schema of an item. */
  output: z.ZodType;
  /** Valid inputs before serialization. Empty if the procedure takes no input or a file, otherwise at least one. */
  examples: readonly unknown[];
};

const metaSchema = z.strictObject({
  summary: z.string().min(1),
  description: z.string().min(1),
  sensitive: z.boolean(),
  rateLimit: z.enum(['light', 'upstream', 'mail']),
  form: z.boolean().exactOptional(),
  upload: z.object({ mediaTypes: z.array(z.string()).readonly(), maxBytes: z.int() }).exactOptional(),
  formFields: z.array(z.string()).exactOptional(),
  returnsInput: z.boolean().exactOptional(),
  scope: z.string().exactOptional(),
  user: z
    .strictObject({
      roles: z.array(z.string()).min(1).exactOptional(),
      scopes: z.array(z.string()).exactOptional(),
      maxAge: z.number().positive().exactOptional(),
      session: z.literal(true).exactOptional(),
    })
    .exactOptional(),
  showsStatus: z.literal(true).exactOptional(),
  passive: z.boolean().exactOptional(),
  errors: z
    .array(z.custom<ErrorReason>((reason) => typeof reason === 'string' && isErrorReason(reason)))
    .exactOptional(),
});

/**
 * Returns all procedures of a router by path.
 *
 * @throws ProcedureDefinitionError naming a procedure that lacks meta, `.input()`, `.output()` or an example, or that
 * uses a feature of tRPC that is not supported here. Such a procedure stops the build
 */
export function readProcedures(router: AnyRouter): ReadonlyMap<string, ProcedureEntry> {
  rejectLazyRouters(router);
  return new Map(
    Object.entries(proceduresOf(router)).map(([path, procedure]) => [path, readProcedure(path, procedure)]),
  );
}

/** Returns the procedures by dotted path. tRPC's types declare them as nested, but they are flat. */
export function proceduresOf(router: AnyRouter): Readonly<Record<string, AnyProcedure>> {
  return router._def.procedures;
}

function readProcedure(path: string, procedure: AnyProcedure): ProcedureEntry {
  const reject = (problem: string) => new ProcedureDefinitionError(`Procedure ${path} ${problem}`);
  const { type, input, output, ...definition } = readDefinition(path, procedure);
  const meta = metaSchema.safeParse(definition.meta);
  if (!meta.success) throw reject(`has incomplete meta: ${z.prettifyError(meta.error)}`);
  if (meta.data.user && (!meta.data.sensitive || meta.data.form)) {
    throw reject('needs a user, so it must be sensitive and must not accept forms');
  }
  if (meta.data.upload) {
    if (type !== 'mutation' || input !== uploadInput)
      throw reject('has upload, so it must be a mutation of uploadInput');
    return { path, type, meta: meta.data, input, output, examples: [] };
  }
  for (const object of lenientObjects(toJsonSchema(input, 'input'), 'input')) {
    throw reject(`ignores unknown fields of ${object}: use z.strictObject() instead of z.object()`);
  }
  const examples = examplesOf(input);
  if (examples.length === 0 && takesInput(input)) {
    throw reject('takes an input but has no example: add .meta({ examples: [...] }) to its input schema');
  }
  for (const [index, example] of examples.entries()) {
    const { error } = input.safeParse(example);
    if (error) throw reject(`rejects its own example ${index + 1}: ${z.prettifyError(error)}`);
  }
  if (type === 'subscription' && takesInput(input) && toJsonSchema(input, 'input').type !== 'object') {
    throw reject(
      'is a subscription, so its input must be an object: the id of the last event is sent with it',
    );
  }
  return { path, type, meta: meta.data, input, output: itemOf(output) ?? output, examples };
}

/** Returns whether a procedure takes an input. `z.void()` means that it takes none. */
export function takesInput(input: z.ZodType): boolean {
  return !(input instanceof z.ZodVoid);
}

export const procedures = readProcedures(appRouter);
