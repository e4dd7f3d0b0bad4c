import { initTRPC, lazy } from '@trpc/server';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { procedureRunner } from '#server/trpc/http/procedure-runner.ts';
import { publicProcedure, router } from '#server/trpc/init.ts';
import { readDefinition } from '#server/trpc/procedure-definition.ts';
import { ProcedureDefinitionError } from '#server/trpc/procedure-definition-error.ts';
import { readProcedures } from '#server/trpc/procedure-registry.ts';

const t = initTRPC.meta<object>().create();
const meta = { summary: 's', description: 'd', sensitive: false, rateLimit: 'light' } as const;
const resolve = () => 1;
const complete = t.procedure.meta(meta).input(z.void()).output(z.number()).query(resolve);

function errorOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

/** Returns a procedure as a later version of tRPC might build it. */
function withDefinition(changes: Record<string, unknown>): typeof complete {
  return Object.assign(() => Promise.resolve(1), complete, { _def: { ...complete._def, ...changes } });
}

function withMiddleware(type: string): typeof complete {
  const untyped = async () => undefined;
  const middleware = Object.assign(async () => undefined, { _type: type });
  const { middlewares } = readDefinition('complete', complete);
  return withDefinition({ middlewares: [untyped, middleware, ...middlewares] });
}

const withCaller = t.procedure
  .meta(meta)
  .experimental_caller(async () => 1)
  .input(z.void())
  .output(z.number())
  .query(resolve);

describe('a feature of tRPC that the procedure runner does not support fails the build', () => {
  test.each([
    ['a caller', Object.assign(() => Promise.resolve(1), complete, withCaller), 'caller'],
    ['an unknown property', withDefinition({ retry: 3 }), 'retry'],
    ['an unknown type of middleware', withMiddleware('stream'), 'stream'],
    ['a second input middleware', withMiddleware('input'), '2 middlewares of type input'],
    ['a second output middleware', withMiddleware('output'), '2 middlewares of type output'],
  ])('%s, with the name of the procedure', (_, procedure, feature) => {
    for (const read of [
      () => readProcedures(t.router({ some: t.router({ here: procedure }) })),
      () => procedureRunner('some.here', procedure),
    ]) {
      const error = errorOf(read);
      expect(error).toBeInstanceOf(ProcedureDefinitionError);
      expect(String(error)).toContain('Procedure some.here ');
      expect(String(error)).toContain(feature);
    }
  });

  test('but not a property without a value', () => {
    const procedure = withDefinition({ experimental_caller: false, caller: undefined, $types: null });
    expect(readDefinition('some.here', procedure)).toMatchObject({ type: 'query', meta });
  });
});

describe('a lazy router fails the build', () => {
  const loaded = t.router({ here: complete });

  test.each([
    ['at the top', t.router({ slow: lazy(async () => loaded) }), 'slow'],
    ['in a record', t.router({ some: { slow: lazy(async () => loaded) } }), 'some.slow'],
  ])('%s, with its name', (_, withLazy, path) => {
    const error = errorOf(() => readProcedures(withLazy));
    expect(error).toBeInstanceOf(ProcedureDefinitionError);
    expect(String(error)).toContain(`Router ${path} is lazy`);
  });

  test("in another router, where tRPC drops it without an error, through the product's own router()", () => {
    const dropped = t.router({ some: t.router({ slow: lazy(async () => loaded) }) });
    expect(Object.keys(dropped._def.lazy)).toEqual([]);
    const product = router({ here: publicProcedure(meta).input(z.void()).output(z.number()).query(resolve) });
    expect(() => router({ some: router({ slow: lazy(async () => product) }) })).toThrow(
      'Router slow is lazy',
    );
  });
});

describe('an input that ignores unknown fields fails the build', () => {
  const withInput = (input: z.ZodType) => () =>
    readProcedures(t.router({ here: t.procedure.meta(meta).input(input).output(z.number()).query(resolve) }));
  const example = { examples: [{}] };

  test.each([
    ['input', z.object({ a: z.string().optional() }).meta(example)],
    ['input.query', z.strictObject({ query: z.object({ a: z.string() }).optional() }).meta(example)],
    ['input.list', z.strictObject({ list: z.array(z.object({ a: z.string() })).default([]) }).meta(example)],
    ['input', z.union([z.strictObject({}), z.object({ a: z.string() })]).meta(example)],
  ])('with the place: %s', (place, input) => {
    expect(withInput(input)).toThrow(
      `Procedure here ignores unknown fields of ${place}: use z.strictObject()`,
    );
  });

  test.each([
    ['a strict object', z.strictObject({ a: z.string().optional() })],
    ['an object that keeps unknown fields', z.looseObject({ a: z.string().optional() })],
    ['a record', z.record(z.string(), z.string())],
    ['an example with a field of this name', z.unknown().meta({ examples: [{ properties: {} }] })],
  ])('but not %s', (_, input) => {
    expect(withInput(input.meta({ ...example, ...input.meta() }))).not.toThrow();
  });
});
