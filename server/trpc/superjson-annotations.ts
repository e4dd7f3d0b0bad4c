import { isRecord } from '../lib/is-record.ts';

/** Thrown for metadata that superjson would not have written for this JSON. */
export class AnnotationError extends Error {
  override readonly name = 'AnnotationError';
}

type CheckOptions = {
  /** The metadata's path format. Before version 1, a backslash escapes only a dot. */
  version: number;
  /** Maximum number of annotations. */
  maxAnnotations: number;
};

/** superjson never writes these keys, and refuses paths that contain them. */
export const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

const isString = (value: unknown): value is string => typeof value === 'string';

/**
 * The accepted annotations, each with the JSON that superjson writes for its type. superjson executes annotations like
 * a small program: a typed array of a given length turns a few bytes into gigabytes, so other types are not accepted.
 */
const acceptedAnnotations: Readonly<Record<string, (json: unknown) => boolean>> = {
  undefined: (json) => json === null,
  bigint: (json) => isString(json) && /^-?\d+$/.test(json),
  Date: isString,
  // superjson writes no stack, which a caller could otherwise put into a log.
  Error: (json) =>
    isRecord(json) && isString(json.name) && isString(json.message) && !Object.hasOwn(json, 'stack'),
  regexp: (json) => isString(json) && json.startsWith('/'),
  set: Array.isArray,
  map: (json) => Array.isArray(json) && json.every((entry) => Array.isArray(entry) && entry.length === 2),
  number: (json) => isString(json) && ['NaN', 'Infinity', '-Infinity', '-0'].includes(json),
  URL: isString,
};

/** Annotations of values that contain other values. */
const containers = new Set(['Error', 'set', 'map']);

/**
 * Checks superjson's `meta.values` against its grammar and against the JSON that it describes:
 *
 * - a node is `[annotation]`, `[annotation, children]` or `children`, and `children` is an object with paths as keys;
 * - each path leads to a value that the JSON contains, and that has the form of the annotation;
 * - no value is annotated twice, and a path leads through an annotated value only as one of its children.
 *
 * Therefore superjson handles each value once, and the work is linear in the size of the JSON and its metadata: a node
 * consumes at least one level of the JSON, and no path is longer than the JSON is deep.
 *
 * @throws AnnotationError
 */
export function checkAnnotations(json: unknown, tree: unknown, options: CheckOptions): void {
  const { version, maxAnnotations } = options;
  /** The annotated keys of each object of the JSON. */
  const annotatedKeys = new Map<object, Set<string>>();
  let annotations = 0;

  function checkNode(node: unknown, value: unknown): void {
    if (!Array.isArray(node)) {
      checkChildren(node, value);
      return;
    }
    const [annotation, children, ...rest]: unknown[] = node;
    if (!isString(annotation) || !Object.hasOwn(acceptedAnnotations, annotation) || rest.length > 0) {
      throw new AnnotationError('The input contains a type that is not accepted.');
    }
    annotations += 1;
    if (annotations > maxAnnotations) {
      throw new AnnotationError(`The input has more than ${maxAnnotations} type annotations.`);
    }
    if (!acceptedAnnotations[annotation]?.(value)) {
      throw new AnnotationError(`The input contains a value that is not a valid ${annotation}.`);
    }
    if (node.length === 1) return;
    if (!containers.has(annotation)) throw invalidMetadata();
    // The values of a map are the two items of its entries, never the entries themselves.
    checkChildren(children, value, annotation === 'map' ? 2 : 1);
  }

  function checkChildren(children: unknown, value: unknown, minimumDepth = 1): void {
    if (!isRecord(children) || Array.isArray(children)) throw invalidMetadata();
    for (const [path, child] of Object.entries(children)) {
      const keys = splitPath(path, version);
      if (keys.length < minimumDepth) throw invalidMetadata();
      checkNode(child, follow(keys, value, Array.isArray(child)));
    }
  }

  /** Returns the value at a path below `value`. */
  function follow(keys: readonly string[], value: unknown, isAnnotated: boolean): unknown {
    let current = value;
    for (const [index, key] of keys.entries()) {
      if (!hasOwnValue(current, key)) throw invalidMetadata();
      const seen = annotatedKeys.get(current);
      if (seen?.has(key)) throw invalidMetadata();
      if (isAnnotated && index === keys.length - 1) annotatedKeys.set(current, (seen ?? new Set()).add(key));
      current = current[key];
    }
    return current;
  }

  checkNode(tree, json);
}

function invalidMetadata(): AnnotationError {
  return new AnnotationError('The metadata does not match the input.');
}

function hasOwnValue(value: unknown, key: string): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || forbiddenKeys.has(key)) return false;
  if (Array.isArray(value) && !/^(?:0|[1-9]\d*)$/.test(key)) return false;
  return Object.hasOwn(value, key);
}

/** Splits a path at its dots. A backslash escapes a dot and, from version 1, a backslash. */
function splitPath(path: string, version: number): string[] {
  const keys: string[] = [];
  let key = '';
  for (let index = 0; index < path.length; index += 1) {
    const character = path.charAt(index);
    const next = path.charAt(index + 1);
    if (character === '\\' && (next === '.' || (next === '\\' && version >= 1))) {
      key += next;
      index += 1;
    } else if (character === '\\' && version >= 1) {
      throw invalidMetadata();
    } else if (character === '.') {
      keys.push(key);
      key = '';
    } else {
      key += character;
    }
  }
  return [...keys, key];
}
