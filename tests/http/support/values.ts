import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import superjson from 'superjson';

/** Keys that superjson rejects as prototype pollution. */
const hostileKeys = ['__proto__', 'constructor', 'prototype'];
const key = fc.string({ maxLength: 8, unit: 'grapheme' }).filter((text) => !hostileKeys.includes(text));

/** Any value that superjson restores, and that `toEqual` can compare afterwards. */
export const serializable = fc
  .anything({
    key,
    maxDepth: 4,
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    values: [
      fc.boolean(),
      fc.integer(),
      fc.double(),
      fc.string({ unit: 'binary' }),
      fc.bigInt(),
      fc.date({ noInvalidDate: true }),
      fc.constantFrom(null, undefined, Number.NaN, -0, Number.POSITIVE_INFINITY),
      // A new object each time: superjson restores a Set that holds one object twice in a different order.
      fc.constantFrom('a+b', '"\\d"').map((source) => new RegExp(source, 'giu')),
      fc.webUrl().map((text) => new URL(text)),
    ],
  })
  // It loses a Map's entry if the key and the value contain NaN: it takes both for the same object.
  .filter((value) => isDeepStrictEqual(superjson.deserialize(superjson.serialize(value)), value));

const annotation: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    'Date',
    'undefined',
    'bigint',
    'regexp',
    'set',
    'map',
    'Error',
    'URL',
    'number',
    'nonsense',
  ),
  fc.constantFrom(['class', 'Object'], ['custom', 'x'], ['symbol', 'x'], ['typed-array', 'Int8Array']),
  fc.jsonValue({ maxDepth: 2 }),
);

const path = fc.oneof(
  fc.constantFrom('', 'a', 'a.b', '0', '0.0', 'a\\.b', 'json', '.', '..', '\\'),
  fc.constantFrom(
    '__proto__',
    '__proto__.polluted',
    'constructor.prototype.polluted',
    'a.__proto__.polluted',
  ),
  fc.string({ maxLength: 6 }),
);

const annotationTree = fc.oneof(
  fc.array(annotation, { maxLength: 2 }),
  fc.dictionary(
    path,
    fc.oneof(
      fc.tuple(annotation),
      fc.tuple(annotation, fc.dictionary(path, fc.tuple(annotation), { maxKeys: 2 })),
      fc.jsonValue({ maxDepth: 2 }),
    ),
    { maxKeys: 4 },
  ),
  fc.jsonValue({ maxDepth: 2 }),
);

const equalities = fc.oneof(
  fc.dictionary(path, fc.array(path, { maxLength: 3 }), { maxKeys: 3 }),
  fc.tuple(fc.array(path, { maxLength: 2 }), fc.dictionary(path, fc.array(path, { maxLength: 2 }))),
  fc.jsonValue({ maxDepth: 2 }),
);

/** superjson's format with metadata that superjson never writes. */
const hostile = fc.record(
  {
    json: fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.record({ a: fc.record({ b: fc.jsonValue({ maxDepth: 1 }) }), json: fc.constant([[1]]) }),
    ),
    meta: fc.oneof(
      fc.record({ values: annotationTree, referentialEqualities: equalities, v: fc.constantFrom(1, 2) }),
      fc.record({ values: annotationTree }),
      fc.record({ referentialEqualities: equalities }),
      fc.jsonValue({ maxDepth: 2 }),
    ),
  },
  { requiredKeys: [] },
);

/** One input on the wire as JSON text: valid, hostile, or unrelated JSON. */
export const wireInput: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: serializable.map((value) => JSON.stringify(superjson.serialize(value))) },
  { weight: 6, arbitrary: hostile.map((value) => JSON.stringify(value)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom<unknown>(
        { lat: 52.52, lng: 13.41 },
        { name: 'Berlin' },
        { id: 'none' },
        { email: 'ada@visitor.example', contents: 'Hello' },
        { params: { owner: 'trpc', repo: 'trpc' } },
        { body: { text: '*a*' } },
        undefined,
      )
      .map((value) => JSON.stringify(superjson.serialize(value))),
  },
  { weight: 1, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.nat(4000).map((depth) => `{"json":${'['.repeat(depth)}${']'.repeat(depth)}}`) },
);
