import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';

const { segmentLength, pathLength, encodings } = limits.upstream.path;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
const escapes = /(?:%[\da-f]{2})+/gi;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the pattern finds
const dangerous = /^\.{0,2}$|[/\\;\u0000-\u001f\u007f-\u009f]/;
/** Characters that RFC 3986, 3.3 allows in a segment. All others must be percent-encoded. */
const segmentForm = /^(?:[\w.~!$&'()*+,;=:@-]|%[\da-f]{2})*$/i;

/**
 * Returns whether a decoded segment remains one segment even if a server decodes it again or normalises it. It must not
 * be a dot segment, and must not contain a slash, backslash, `;` or control character, at any depth of
 * percent-encoding.
 */
export function isPlainSegment(segment: string): boolean {
  if (Buffer.byteLength(segment) > segmentLength || !segment.isWellFormed()) return false;
  let text: string | undefined = segment;
  for (let depth = 0; depth < encodings; depth += 1) {
    // Some servers treat the compatibility forms of dots and slashes (U+2024, U+FF0F) as dots and slashes.
    if (text === undefined || dangerous.test(text.normalize('NFKC'))) return false;
    if (text.search(escapes) < 0) return true;
    text = decode(text);
  }
  return false;
}

/**
 * Splits the path of a request, as received and not normalised, into decoded segments.
 *
 * @throws AppError `invalid_input` if a segment is not plain, `uri_too_long`
 */
export function parsePath(path: string): string[] {
  if (path.length > pathLength) throw new AppError('uri_too_long', { message: 'The path is too long.' });
  return path
    .replace(/^\//, '')
    .split('/')
    .map((text) => {
      const segment = parseSegment(text);
      if (segment === undefined) throw new AppError('invalid_input', { message: 'The path cannot be used.' });
      return segment;
    });
}

/** Returns whether all segments of a path are plain. The last one may be empty. */
export function isPlainPath(path: string): boolean {
  const segments = path.replace(/^\//, '').split('/');
  const last = segments.length - 1;
  return (
    path.length <= pathLength &&
    segments.every((text, index) => (text === '' && index === last) || parseSegment(text) !== undefined)
  );
}

/** @returns the decoded segment; undefined if it is not plain */
function parseSegment(text: string): string | undefined {
  const segment = segmentForm.test(text) ? decode(text) : undefined;
  return segment !== undefined && isPlainSegment(segment) ? segment : undefined;
}

/** @returns undefined if the bytes are not UTF-8 */
function decode(text: string): string | undefined {
  try {
    return text.replace(escapes, (run) => strictUtf8.decode(Buffer.from(run.replaceAll('%', ''), 'hex')));
  } catch {
    return undefined;
  }
}
