import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '../../lib/json-schema.ts';
import { isJsonSchema } from '../is-json-schema.ts';
import type { Direction } from './direction.ts';

type KeywordChange = { direction: Direction; message: string };

/** Lower bounds: a larger value is narrower. */
const lower = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
/** Upper bounds: a smaller value is narrower. */
const upper = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** Compared elsewhere. */
const structural = ['properties', 'required', 'type', 'const', 'enum', 'default'];
const nested = ['items', 'additionalProperties', 'propertyNames'];

/** Yields the differences of two schemas of the same kind, except those of fields and nested schemas. */
export function* keywordChanges(before: JsonSchema, after: JsonSchema): Generator<KeywordChange> {
  if (before.type !== after.type && before.type !== undefined && after.type !== undefined) {
    // Only number and integer are different types of the same kind.
    const direction = after.type === 'integer' ? 'narrowed' : 'widened';
    yield { direction, message: `is ${after.type}, was ${before.type}` };
  }
  yield* memberChanges(membersOf(before), membersOf(after));
  const keywords = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const keyword of keywords) {
    const [was, is] = [before[keyword], after[keyword]];
    if (structural.includes(keyword) || isDeepStrictEqual(was, is)) continue;
    if (nested.includes(keyword) && isJsonSchema(was) && isJsonSchema(is)) continue;
    yield { direction: directionOf(keyword, was, is), message: `${keyword} ${show(is)}, was ${show(was)}` };
  }
}

/** Returns the listed values, or undefined if the schema does not list values. */
function membersOf(schema: JsonSchema): readonly unknown[] | undefined {
  if (Array.isArray(schema.enum)) return schema.enum;
  return 'const' in schema ? [schema.const] : undefined;
}

function* memberChanges(
  before: readonly unknown[] | undefined,
  after: readonly unknown[] | undefined,
): Generator<KeywordChange> {
  if (!before && after) yield { direction: 'narrowed', message: `now only ${after.map(show).join(', ')}` };
  if (before && !after) yield { direction: 'widened', message: 'now any value' };
  if (!before || !after) return;
  const removed = before.filter((member) => !after.includes(member));
  const added = after.filter((member) => !before.includes(member));
  if (removed.length > 0) yield { direction: 'narrowed', message: `removed ${removed.map(show).join(', ')}` };
  if (added.length > 0) yield { direction: 'widened', message: `added ${added.map(show).join(', ')}` };
}

function directionOf(keyword: string, was: unknown, is: unknown): Direction {
  if (typeof was === 'number' && typeof is === 'number') {
    if (lower.includes(keyword)) return is > was ? 'narrowed' : 'widened';
    if (upper.includes(keyword)) return is < was ? 'narrowed' : 'widened';
  }
  // A keyword is a constraint, so removing it widens. `additionalProperties: false` is the narrowest value.
  if (was === undefined || is === false) return 'narrowed';
  if (is === undefined || was === false) return 'widened';
  return 'changed';
}

export function show(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
