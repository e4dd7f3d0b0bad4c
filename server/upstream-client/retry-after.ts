import type { Dispatcher } from 'undici';
import { limits } from '../config/limits.ts';

const { retryAfterCap } = limits.upstream;

/** What the headers of a response say about the next request. */
export type RetryHint = {
  /** Whole seconds until the next request, capped. Undefined if the response gives no time. */
  seconds: number | undefined;
  /** True if the response has a valid Retry-After. */
  hasRetryAfter: boolean;
  /** True if a rate limit has no requests left. */
  isExhausted: boolean;
};

/** The state of a rate limit: requests that are left, and seconds until it is reset. */
type RateLimit = { remaining: number | undefined; reset: number | undefined };

/**
 * Reads Retry-After (RFC 9110, 10.2.3), or else the headers of a rate limit: `RateLimit` of the IETF drafts 7 to 11,
 * the fields of the earlier drafts, and the `X-RateLimit-…` fields of GitHub and others.
 *
 * Times are compared with the Date of the response, because the upstream's clock may differ from ours.
 */
export function parseRetryHint(headers: Dispatcher.ResponseData['headers'], now = Date.now()): RetryHint {
  const field = (...names: string[]) => {
    const values = names.map((name) => headers[name]).find((value) => value !== undefined);
    return (Array.isArray(values) ? values.join(', ') : values)?.trim() ?? '';
  };
  const sentAt = parseDate(field('date')) ?? now;
  const { remaining, reset } = parseRateLimit(field('ratelimit')) ?? {
    remaining: parseNumber(field('ratelimit-remaining', 'x-ratelimit-remaining', 'x-rate-limit-remaining')),
    reset:
      parseNumber(field('x-ratelimit-reset-after')) ??
      secondsUntil(field('ratelimit-reset', 'x-ratelimit-reset', 'x-rate-limit-reset'), sentAt),
  };
  // With requests left, another limit was exceeded, for which the reset says nothing.
  const untilReset = reset === undefined || (remaining ?? 0) > 0 ? undefined : Math.max(1, reset);
  const retryAfter = secondsUntil(field('retry-after'), sentAt);
  const seconds = retryAfter ?? untilReset;
  return {
    seconds: seconds === undefined ? undefined : Math.min(Math.max(0, Math.ceil(seconds)), retryAfterCap),
    hasRetryAfter: retryAfter !== undefined,
    isExhausted: remaining === 0,
  };
}

/**
 * Parses `"default";r=0;t=30, "daily";r=9;t=9000` (drafts 8 to 11) to the exhausted limit with the latest reset, and
 * `limit=10, remaining=0, reset=30` (draft 7).
 *
 * @returns undefined if the text has neither form
 */
function parseRateLimit(text: string): RateLimit | undefined {
  // A quoted name may contain the separators.
  const withoutNames = text.replace(/"[^"]*"/g, '');
  const numberIn = (part: string, name: string) => {
    const parameters = part.split(/[;,]/).map((parameter) => parameter.trim().split('='));
    return parseNumber(parameters.find(([key]) => key === name)?.[1] ?? '');
  };
  const remaining = numberIn(withoutNames, 'remaining');
  if (remaining !== undefined) return { remaining, reset: numberIn(withoutNames, 'reset') };
  const limitsOfText = withoutNames
    .split(',')
    .map((part) => ({ remaining: numberIn(part, 'r'), reset: numberIn(part, 't') }))
    .filter((limit) => limit.remaining !== undefined);
  const exhausted = limitsOfText.filter((limit) => limit.remaining === 0);
  return exhausted.toSorted((a, b) => (b.reset ?? 0) - (a.reset ?? 0))[0] ?? limitsOfText[0];
}

/** Numbers above these are not seconds from now, but the time in seconds or milliseconds since 1970. */
const epochSeconds = 1e9;
const epochMilliseconds = 1e11;

/** Parses seconds from now, a time since 1970, an HTTP date or an ISO 8601 date to seconds from `now`. */
function secondsUntil(text: string, now: number): number | undefined {
  const number = parseNumber(text);
  if (number !== undefined && number < epochSeconds) return number;
  const at = number === undefined ? parseDate(text) : number < epochMilliseconds ? number * 1000 : number;
  return at === undefined ? undefined : (at - now) / 1000;
}

function parseNumber(text: string): number | undefined {
  return /^\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : undefined;
}

/**
 * Parses only full dates: a lenient parser could read other text as a date in the past, which means "retry now". A date
 * without a zone, as in one of HTTP's formats, is in GMT (RFC 9110, 5.6.7).
 */
function parseDate(text: string): number | undefined {
  const isFull = /^[A-Z][a-z]{2,8}(?:,| )|^\d{4}-\d\d-\d\dT/.test(text);
  const hasZone = /[A-Za-z]$|[+-]\d\d:?\d\d$/.test(text);
  const at = isFull ? Date.parse(hasZone ? text : `${text}Z`) : Number.NaN;
  return Number.isNaN(at) ? undefined : at;
}
