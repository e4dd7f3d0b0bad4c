import type { IncomingHttpHeaders } from 'node:http';

/** What a representation is known by. */
export interface Validators {
  /** With its quotes, and `W/` where it is weak. */
  readonly etag: string;
  /** Epoch milliseconds, whole seconds. */
  readonly modified?: number;
}

/** Whether a GET or HEAD is answered with 304 (RFC 9110, 13.2.2): a date counts only without If-None-Match. */
export function notModified(headers: IncomingHttpHeaders, { etag, modified }: Validators): boolean {
  const known = headers['if-none-match'];
  if (known !== undefined) {
    return known.trim() === '*' || entityTags(known).some((tag) => opaque(tag) === opaque(etag));
  }
  const since = headers['if-modified-since'];
  // NaN, for what is no date, is not above anything.
  return since !== undefined && modified !== undefined && httpDate(since) >= modified;
}

/** Whether a Range holds under If-Range (RFC 9110, 13.1.5): only for exactly this version. */
export function rangeHolds(headers: IncomingHttpHeaders, { etag, modified }: Validators): boolean {
  const version = headers['if-range'];
  if (typeof version !== 'string') return true;
  if (version.startsWith('"')) return version === etag;
  return modified !== undefined && httpDate(version) === modified;
}

function entityTags(list: string): readonly string[] {
  return list.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
}

/** Weak comparison looks at the quoted part alone. */
function opaque(tag: string): string {
  return tag.replace(/^W\//, '');
}

/** Any of the three forms of an HTTP date; NaN for something else. */
function httpDate(text: string): number {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return Number.NaN;
  // The form of asctime() means GMT without saying so.
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
