import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '../../lib/json-schema.ts';
import { isJsonSchema } from './contract.ts';
import { type Direction, isBreaking } from './direction.ts';
import { keywordChanges, show } from './keyword-changes.ts';

export type SchemaChange = {
  /** Place and difference, such as `input.days: at most 10, was 16`. */
  message: string;
  breaking: boolean;
};

export type Comparison = {
  before: JsonSchema;
  after: JsonSchema;
  /** `input`, or `output` with what stands below: `output.hourly[].time`. */
  place: string;
  io: 'input' | 'output';
};

/** Every difference of two schemas of zod's making. What it does not know counts as changed, which is breaking. */
export function* schemaChanges({ before, after, place, io }: Comparison): Generator<SchemaChange> {
  const change = (direction: Direction, message: string): SchemaChange => ({
    message: `${place}: ${message}`,
    breaking: isBreaking(direction, io),
  });
  if (!isDeepStrictEqual(before.default, after.default)) {
    // It says what becomes of a field that is left out, and nothing of what is sent or read.
    const message = `${place}: default ${show(after.default)}, was ${show(before.default)}`;
    yield { message, breaking: false };
  }
  const gone = alternatives(before);
  const come = alternatives(after);
  dropPairs(gone, come, isDeepStrictEqual);
  const pairs = dropPairs(gone, come, (one, other) => kindOf(one) === kindOf(other));

  if (gone.length > 0 && come.length > 0) {
    // Anything at all is more than whatever it was.
    const direction = come.some(isAnything) ? 'widened' : gone.some(isAnything) ? 'narrowed' : 'changed';
    yield change(direction, `is ${namesOf(come)}, was ${namesOf(gone)}`);
  } else {
    if (come.length > 0) yield change('widened', `may be ${namesOf(come)} too`);
    if (gone.length > 0) yield change('narrowed', `is no longer ${namesOf(gone)}`);
  }
  for (const [one, other] of pairs) {
    for (const { direction, message } of keywordChanges(one, other)) yield change(direction, message);
    yield* fieldChanges({ before: one, after: other, place, io });
    yield* innerChanges({ before: one, after: other, place, io });
  }
}

/** The schemas of which a value meets one. */
function alternatives(schema: JsonSchema): JsonSchema[] {
  for (const keyword of ['anyOf', 'oneOf']) {
    const { [keyword]: options, ...rest } = schema;
    if (Array.isArray(options) && Object.keys(rest).every((name) => name === 'default')) {
      return options.filter(isJsonSchema).flatMap(alternatives);
    }
  }
  const { type, ...rest } = schema;
  if (Array.isArray(type)) return type.map((one) => ({ ...rest, type: one }));
  return [schema];
}

/** Takes the pairs that match out of both lists. */
function dropPairs(
  gone: JsonSchema[],
  come: JsonSchema[],
  match: (one: JsonSchema, other: JsonSchema) => boolean,
): [JsonSchema, JsonSchema][] {
  const pairs: [JsonSchema, JsonSchema][] = [];
  for (const one of [...gone]) {
    const other = come.find((candidate) => match(one, candidate));
    if (!other) continue;
    gone.splice(gone.indexOf(one), 1);
    come.splice(come.indexOf(other), 1);
    pairs.push([one, other]);
  }
  return pairs;
}

/** Schemas of one kind are compared in detail; others are different things. */
function kindOf(schema: JsonSchema): string {
  const { type, const: constant, enum: members } = schema;
  if ('x-superjson' in schema) return String(schema['x-superjson']);
  if (type === 'integer') return 'number';
  if (type !== undefined) return String(type);
  const [value] = Array.isArray(members) ? members : [constant];
  return value === undefined ? 'anything' : value === null ? 'null' : typeof value;
}

const isAnything = (schema: JsonSchema) => kindOf(schema) === 'anything';

function namesOf(schemas: readonly JsonSchema[]): string {
  return schemas.map(kindOf).join(' or ');
}

function* fieldChanges({ before, after, place, io }: Comparison): Generator<SchemaChange> {
  const [had, has] = [fieldsOf(before), fieldsOf(after)];
  const [needed, needs] = [requiredOf(before), requiredOf(after)];
  for (const [name, field] of Object.entries(has)) {
    const at = `${place}.${name}`;
    const earlier = had[name];
    if (!earlier) {
      const required = io === 'input' && needs.has(name);
      yield { message: `${at}: new ${required ? 'required ' : ''}field`, breaking: required };
      continue;
    }
    if (needs.has(name) !== needed.has(name)) {
      const direction = needs.has(name) ? 'narrowed' : 'widened';
      yield {
        message: `${at}: is ${needs.has(name) ? 'required' : 'optional'} now`,
        breaking: isBreaking(direction, io),
      };
    }
    yield* schemaChanges({ before: earlier, after: field, place: at, io });
  }
  for (const name of Object.keys(had)) {
    if (!has[name]) yield { message: `${place}.${name}: removed field`, breaking: true };
  }
}

/** Schemas within: of an array's items, of a record's keys and values. */
function* innerChanges({ before, after, place, io }: Comparison): Generator<SchemaChange> {
  for (const [keyword, suffix] of [
    ['items', '[]'],
    ['additionalProperties', '.*'],
    ['propertyNames', '.(key)'],
  ] as const) {
    const [earlier, later] = [before[keyword], after[keyword]];
    if (isJsonSchema(earlier) && isJsonSchema(later)) {
      yield* schemaChanges({ before: earlier, after: later, place: `${place}${suffix}`, io });
    }
  }
}

function fieldsOf({ properties }: JsonSchema): Record<string, JsonSchema> {
  if (!isJsonSchema(properties)) return {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [name, isJsonSchema(field) ? field : {}]),
  );
}

function requiredOf({ required }: JsonSchema): ReadonlySet<unknown> {
  return new Set(Array.isArray(required) ? required : []);
}
