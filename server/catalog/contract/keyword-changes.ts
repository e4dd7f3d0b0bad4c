import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '../../lib/json-schema.ts';
import { isJsonSchema } from './contract.ts';
import type { Direction } from './direction.ts';

type KeywordChange = { direction: Direction; message: string };

/** Bounds from below: more is narrower. */
const lower = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'];
/** Bounds from above: less is narrower. */
const upper = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'];
/** Looked at elsewhere. */
const structural = ['properties', 'required', 'type', 'const', 'enum', 'default'];
const nested = ['items', 'additionalProperties', 'propertyNames'];

/** The differences of two schemas of one kind, but for those of their fields and of the schemas within. */
export function* keywordChanges(before: JsonSchema, after: JsonSchema): Generator<KeywordChange> {
  if (before.type !== after.type && before.type !== undefined && after.type !== undefined) {
    // Numbers and integers, the only types that are of one kind.
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

/** The values that are taken; undefined where they are not listed. */
function membersOf(schema: JsonSchema): readonly unknown[] | undefined {
  if (Array.isArray(schema.enum)) return schema.enum;
  return 'const' in schema ? [schema.const] : undefined;
}

function* memberChanges(
  before: readonly unknown[] | undefined,
  after: readonly unknown[] | undefined,
): Generator<KeywordChange> {
  if (!before && after) yield { direction: 'narrowed', message: `only ${after.map(show).join(', ')} now` };
  if (before && !after) yield { direction: 'widened', message: 'any value now' };
  if (!before || !after) return;
  const gone = before.filter((member) => !after.includes(member));
  const come = after.filter((member) => !before.includes(member));
  if (gone.length > 0) yield { direction: 'narrowed', message: `without ${gone.map(show).join(', ')}` };
  if (come.length > 0) yield { direction: 'widened', message: `with ${come.map(show).join(', ')} too` };
}

function directionOf(keyword: string, was: unknown, is: unknown): Direction {
  if (typeof was === 'number' && typeof is === 'number') {
    if (lower.includes(keyword)) return is > was ? 'narrowed' : 'widened';
    if (upper.includes(keyword)) return is < was ? 'narrowed' : 'widened';
  }
  // A keyword constrains: without it there is more, and `additionalProperties: false` is the narrowest.
  if (was === undefined || is === false) return 'narrowed';
  if (is === undefined || was === false) return 'widened';
  return 'changed';
}

export function show(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}
