import { AppError } from '../errors.ts';
import { isPlainSegment } from './path-segment.ts';

/**
 * One segment of a template: text, or text around one named part as in `{id}.json`.
 */
type Segment = { before: string; name: string | undefined; after: string };

const named = /^([^{}]*)\{(\w+)\}([^{}]*)$/;
/** What a path may hold as it is (RFC 3986, 3.3), without `;`, which some servers cut a path at. */
const literal = /^[\w.~!$&'()*+,=:@-]*$/;

/**
 * The segments of a template such as `/repos/{owner}/{repo}`.
 *
 * @returns undefined when no path could match it
 */
export function parseTemplate(template: string): Segment[] | undefined {
  const segments = template.split('/').slice(1).map(parseSegment);
  const sound = template.startsWith('/') && segments.every((segment) => segment !== undefined);
  return sound ? segments.filter((segment) => segment !== undefined) : undefined;
}

function parseSegment(text: string): Segment | undefined {
  const [, before = '', name, after = ''] = named.exec(text) ?? [];
  const segment = name === undefined ? { before: text, name, after } : { before, name, after };
  const isDots = name === undefined && /^\.{0,2}$/.test(text);
  return literal.test(segment.before) && literal.test(segment.after) && !isDots ? segment : undefined;
}

/** The names of a template's segments, in their order. */
export function namesOf(template: string): string[] {
  return (parseTemplate(template) ?? []).flatMap(({ name }) => name ?? []);
}

/**
 * Fills the named segments of a path template, each percent-encoded as one segment.
 *
 * @throws AppError `invalid_input` for a segment that could change the path: empty, `.`, `..`, one that is not
 * well-formed or too long, or one that is any of these once it is decoded again
 */
export function fillTemplate(template: string, params: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || !isPlainSegment(value)) {
      throw new AppError('invalid_input', { fieldErrors: { [`params.${name}`]: ['This cannot be used'] } });
    }
    return encodeURIComponent(value);
  });
}

/**
 * The named parts of a path that has the form of a template.
 *
 * @param segments of the path, decoded
 * @returns undefined when the path has another form
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
