/** Parses a request target as a URL. Returns null if it is not a path, as in `OPTIONS *`. */
export function targetUrl(target: string): URL | null {
  return target.startsWith('/') ? URL.parse(`http://127.0.0.1${target}`) : null;
}
