import { checkSync } from 'recheck';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { isRecord } from '#server/lib/is-record.ts';
import { visitSources } from '#tests/support/source-files.ts';

// The implementation in JavaScript. The default needs Java.
vi.stubEnv('RECHECK_SYNC_BACKEND', 'pure');

type Regex = { place: string; source: string; flags: string };

/** Milliseconds for one regular expression. Most take less than one, and the largest take about a second. */
const timeout = 60_000;

/** Returns the complexity of a search with a regular expression, with an attack if it is not linear. */
function complexityOf(source: string, flags: string): string {
  // Not the fuzzing checker, which only fails to find an attack.
  const result = checkSync(source, flags, { checker: 'automaton', timeout });
  if (result.status === 'safe') return result.complexity.type;
  if (result.status === 'unknown') return `unknown: ${JSON.stringify(result.error)}`;
  return `${result.complexity.summary}, for example for ${result.attack.pattern}`;
}

/** Returns the patterns that zod itself uses for a format, such as `z.uuid()` or `z.iso.date()`. */
function patternsOfFormat(name: string): RegExp[] {
  const create: unknown = Reflect.get(z, name) ?? Reflect.get(z.iso, name);
  if (typeof create !== 'function' || /parse|code/i.test(name)) return [];
  try {
    const schema: unknown = create();
    const pattern: unknown =
      schema instanceof z.ZodType ? Reflect.get(schema._zod.def, 'pattern') : undefined;
    return pattern instanceof RegExp ? [pattern] : [];
  } catch {
    // Not a format: the function has parameters.
    return [];
  }
}

/** Returns the regular expressions of the product, those of the formats that it uses, and constructed ones. */
function collect() {
  const regexes = new Map<string, Regex>();
  const constructed: string[] = [];
  visitSources((_, placeOf) => {
    const add = (place: string, source: string, flags: string) => {
      const key = `/${source}/${flags}`;
      if (!regexes.has(key)) regexes.set(key, { place, source, flags });
    };
    const isRegExp = (callee: unknown) =>
      isRecord(callee) && callee.type === 'Identifier' && callee.name === 'RegExp';
    return {
      Literal(node) {
        if ('regex' in node) add(placeOf(node), node.regex.pattern, node.regex.flags);
      },
      NewExpression(node) {
        if (isRegExp(node.callee)) constructed.push(placeOf(node));
      },
      CallExpression(node) {
        const { callee } = node;
        if (isRegExp(callee)) constructed.push(placeOf(node));
        if (callee.type !== 'MemberExpression' || callee.property.type !== 'Identifier') return;
        for (const { source, flags } of patternsOfFormat(callee.property.name))
          add(placeOf(node), source, flags);
      },
    };
  });
  return { regexes: [...regexes.values()], constructed };
}

const { regexes, constructed } = collect();

test('regular expressions are literals', () => {
  expect(constructed, 'A constructed regular expression cannot be checked here.').toEqual([]);
});

test('the checker finds a quadratic and an exponential search', () => {
  expect(complexityOf('\\s+$', '')).toMatch(/^2nd degree polynomial, for example for /);
  expect(complexityOf('^(?:a|a)*$', '')).toMatch(/^exponential, for example for /);
});

test('the patterns of zod are known', () => {
  expect(patternsOfFormat('uuid')).toHaveLength(1);
  expect(patternsOfFormat('datetime')).toHaveLength(1);
});

test('regular expressions are collected from the whole product', () => {
  const folders = new Set(regexes.map(({ place }) => place.split('/')[0]));
  expect([...folders].sort()).toEqual(['app', 'client', 'server']);
});

test.each(regexes.map((regex) => [regex.place, regex] as const))(
  'the regular expression at %s is linear',
  (_, { source, flags }) => {
    expect(complexityOf(source, flags), `/${source}/${flags}`).toMatch(/^(?:constant|linear|safe)$/);
  },
  timeout + 30_000,
);
