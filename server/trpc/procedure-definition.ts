import type { AnyProcedure, AnyRouter, TRPCError } from '@trpc/server';
import { z } from 'zod';
import { ProcedureDefinitionError } from './procedure-definition-error.ts';
import { itemOf } from './stream-of.ts';

/** The arguments of one call, as tRPC passes them to a procedure. */
export type Call = {
  ctx: object;
  path: string;
  type: 'query' | 'mutation' | 'subscription';
  /** Index of the call in its batch. */
  batchIndex: number;
  signal: AbortSignal;
  getRawInput: () => Promise<unknown>;
};

export type Outcome = { ok: true; data: unknown } | { ok: false; error: TRPCError };

/** The arguments of `next()`: they replace those of the call for the middlewares that follow. */
export type Overrides = { ctx?: object; input?: unknown; getRawInput?: Call['getRawInput'] };

export type Middleware = {
  (
    options: Call & { input: unknown; meta: unknown; next: (overrides?: Overrides) => Promise<Outcome> },
  ): Promise<Outcome>;
  /** Set by tRPC on the middlewares that `.input()` and `.output()` add. */
  _type?: unknown;
};

/** The parts of a procedure that the registry and the procedure runner use. */
export type ProcedureDefinition = {
  type: 'query' | 'mutation' | 'subscription';
  meta: unknown;
  input: z.ZodType;
  /** For a subscription, `streamOf` an item. */
  output: z.ZodType;
  /** In call order; the resolver is the last. */
  middlewares: readonly Middleware[];
};

/**
 * The properties of `_def` in @trpc/server 11.19 whose effect the procedure runner reproduces. Any other property
 * may be a feature that the runner would silently ignore, such as `caller`.
 */
const knownProperties = new Set([
  '$types',
  'procedure',
  'type',
  'meta',
  'inputs',
  'output',
  'middlewares',
  'resolver',
]);

const middlewaresSchema = z.array(z.custom<Middleware>((value) => typeof value === 'function'));

/**
 * Reads a procedure as tRPC built it.
 *
 * @throws ProcedureDefinitionError for a procedure without exactly one `.input()` and one `.output()`, both zod's, and
 * for one that uses a feature of tRPC that the procedure runner does not implement. After an upgrade of tRPC such a
 * feature stops the build instead of being ignored
 */
export function readDefinition(path: string, procedure: AnyProcedure): ProcedureDefinition {
  const reject = (problem: string) => new ProcedureDefinitionError(`Procedure ${path} ${problem}`);
  const definition: Readonly<Record<string, unknown>> = { ...procedure._def };
  const { type, meta, inputs, output } = definition;
  const feature = Object.keys(definition).find((name) => !knownProperties.has(name) && definition[name]);
  if (feature !== undefined) {
    throw reject(`uses tRPC's ${feature}, which the procedure runner does not support`);
  }
  const [input, ...others]: unknown[] = Array.isArray(inputs) ? inputs : [];
  if (!(input instanceof z.ZodType) || others.length > 0) throw reject('needs exactly one .input()');
  if (!(output instanceof z.ZodType)) throw reject('has no .output()');
  if (type !== 'query' && type !== 'mutation' && type !== 'subscription') throw reject(`is a ${type}`);
  if ((type === 'subscription') !== (itemOf(output) !== undefined)) {
    throw reject('needs .output(streamOf(item)) if it is a subscription, and only then');
  }
  const middlewares = middlewaresSchema.safeParse(definition.middlewares).data ?? [];
  const kinds = middlewares.map(({ _type }) => _type);
  const unknownKind = kinds.find((kind) => kind !== undefined && kind !== 'input' && kind !== 'output');
  if (unknownKind !== undefined) {
    throw reject(
      `has a middleware of type ${String(unknownKind)}, which the procedure runner does not support`,
    );
  }
  for (const kind of ['input', 'output']) {
    const count = kinds.filter((other) => other === kind).length;
    if (count !== 1) throw reject(`has ${count} middlewares of type ${kind} instead of one`);
  }
  return { type, meta, input, output, middlewares };
}

/**
 * Rejects `lazy()` in a router: its procedures are unknown at build time, so they have no documentation, no limits and
 * no runner.
 *
 * @throws ProcedureDefinitionError
 */
export function rejectLazyRouters(router: AnyRouter): void {
  const [path] = Object.keys(router._def.lazy);
  if (path === undefined) return;
  throw new ProcedureDefinitionError(
    `Router ${path} is lazy, which is not supported: its procedures must be known at build time`,
  );
}
