import type { IncomingHttpHeaders } from 'node:http';

/** The validators of a representation. */
export interface Validators {
  /** With quotes, and with `W/` if it is weak. */
  readonly etag: string;
  /** Epoch milliseconds, a multiple of 1000. */
  readonly modified?: number;
}

/** Returns whether a GET or HEAD gets a 304 (RFC 9110, 13.2.2). A date counts only without If-None-Match. */
export function notModified(headers: IncomingHttpHeaders, { etag, modified }: Validators): boolean {
  const known = headers['if-none-match'];
  if (known !== undefined) {
    return known.trim() === '*' || entityTags(known).some((tag) => opaque(tag) === opaque(etag));
  }
  const since = headers['if-modified-since'];
  // httpDate() returns NaN for an invalid date, and NaN >= x is false.
  return since !== undefined && modified !== undefined && httpDate(since) >= modified;
}

/** Returns whether If-Range lets a Range apply (RFC 9110, 13.1.5): only for exactly this version. */
export function rangeHolds(headers: IncomingHttpHeaders, { etag, modified }: Validators): boolean {
  const version = headers['if-range'];
  if (typeof version !== 'string') return true;
  if (version.startsWith('"')) return version === etag;
  return modified !== undefined && httpDate(version) === modified;
}

function entityTags(list: string): readonly string[] {
  return list.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
}

/** Returns the opaque tag: weak comparison ignores `W/`. */
function opaque(tag: string): string {
  return tag.replace(/^W\//, '');
}

/** Parses any of the three HTTP date formats. Returns NaN for anything else. */
function httpDate(text: string): number {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return Number.NaN;
  // The asctime() format means GMT but does not contain it.
  return Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
}
