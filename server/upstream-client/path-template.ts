import { AppError } from '../errors.ts';
import { isPlainSegment } from './path-segment.ts';

/** One segment of a template: literal text, or one name with text around it as in `{id}.json`. */
type Segment = { before: string; name: string | undefined; after: string };

const named = /^([^{}]*)\{(\w+)\}([^{}]*)$/;
/** Characters that a path may contain unencoded (RFC 3986, 3.3), except `;`, at which some servers cut the path. */
const literal = /^[\w.~!$&'()*+,=:@-]*$/;

/**
 * Parses a template such as `/repos/{owner}/{repo}`.
 *
 * @returns undefined if no path can match it
 */
export function parseTemplate(template: string): Segment[] | undefined {
  const segments = template.split('/').slice(1).map(parseSegment);
  const isValid = template.startsWith('/') && segments.every((segment) => segment !== undefined);
  return isValid ? segments.filter((segment) => segment !== undefined) : undefined;
}

function parseSegment(text: string): Segment | undefined {
  const [, before = '', name, after = ''] = named.exec(text) ?? [];
  const segment = name === undefined ? { before: text, name, after } : { before, name, after };
  const isDotSegment = /^\.{0,2}$/.test(text);
  return literal.test(segment.before) && literal.test(segment.after) && !isDotSegment ? segment : undefined;
}

/** Returns the names of a template's segments, in order. */
export function namesOf(template: string): string[] {
  return (parseTemplate(template) ?? []).flatMap(({ name }) => name ?? []);
}

/**
 * Builds a path from a template. Each value is percent-encoded as one segment.
 *
 * @throws AppError `invalid_input` if a value is missing or could change the path: it is empty, `.`, `..`, not
 * well-formed or too long, contains a slash, backslash, `;` or control character, or does so after decoding it again
 */
export function fillTemplate(template: string, params: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || !isPlainSegment(value)) {
      throw new AppError('invalid_input', { fieldErrors: { [`params.${name}`]: ['Not allowed in a path'] } });
    }
    return encodeURIComponent(value);
  });
}

/**
 * Matches a path against a template.
 *
 * @param segments decoded segments of the path
 * @returns the values of the template's names; undefined if the path does not match
 */
export function matchTemplate(
  template: string,
  segments: readonly string[],
): Record<string, string> | undefined {
  const parts = parseTemplate(template);
  if (parts?.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, { before, name, after }] of parts.entries()) {
    const segment = segments[index] ?? '';
    if (name === undefined) {
      if (segment !== before) return undefined;
    } else {
      const value = segment.slice(before.length, segment.length - after.length);
      if (value === '' || `${before}${value}${after}` !== segment) return undefined;
      params[name] = value;
    }
  }
  return params;
}
