import { limits } from '../config/limits.ts';
import { AppError } from '../errors.ts';

const { segmentLength, pathLength, encodings } = limits.upstream.path;

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
const escapes = /(?:%[\da-f]{2})+/gi;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const dangerous = /^\.{0,2}$|[/\\;\u0000-\u001f\u007f-\u009f]/;
/** RFC 3986, 3.3; anything else must come percent-encoded. */
const segmentForm = /^(?:[\w.~!$&'()*+,;=:@-]|%[\da-f]{2})*$/i;

/**
 * Whether a decoded segment stays one segment, for servers that decode it again or normalise it too: no dot
 * segment, no slash or backslash, no `;`, no control character, at any depth of percent-encoding.
 */
export function isPlainSegment(segment: string): boolean {
  if (Buffer.byteLength(segment) > segmentLength || !segment.isWellFormed()) return false;
  let text: string | undefined = segment;
  for (let depth = 0; depth < encodings; depth += 1) {
    // Compatibility forms of dots and slashes (U+2024, U+FF0F) are dots and slashes to some servers.
    if (text === undefined || dangerous.test(text.normalize('NFKC'))) return false;
    if (text.search(escapes) < 0) return true;
    text = decoded(text);
  }
  return false;
}

/**
 * The decoded segments of a path as it came over the wire, before anything has normalised it.
 *
 * @throws AppError `invalid_input` for a path that is not of plain segments, `uri_too_long`
 */
export function parsePath(path: string): string[] {
  if (path.length > pathLength) throw new AppError('uri_too_long', { message: 'The path is too long.' });
  return path
    .replace(/^\//, '')
    .split('/')
    .map((text) => {
      const segment = segmentForm.test(text) ? decoded(text) : undefined;
      if (segment === undefined || !isPlainSegment(segment)) {
        throw new AppError('invalid_input', { message: 'The path cannot be used.' });
      }
      return segment;
    });
}

/** @returns undefined for what is not UTF-8 */
function decoded(text: string): string | undefined {
  try {
    return text.replace(escapes, (run) => strictUtf8.decode(Buffer.from(run.replaceAll('%', ''), 'hex')));
  } catch {
    return undefined;
  }
}
