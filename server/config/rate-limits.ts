import type { RateLimitClass } from '../trpc/procedure-meta.ts';

/** How many calls a window holds, for one class and one principal. */
export type RateLimit = { points: number; windowSeconds: number };

/** Quotas of mails that hold whoever calls: for each sender's address, and for all together. */
export type QuotaName = 'mailSender' | 'mailSite';
export type RateLimitName = RateLimitClass | QuotaName;
export type RateLimits = Readonly<Record<RateLimitName, RateLimit>>;

/** Where a bucket stands after a call was charged to it. */
export type RateLimitState = RateLimit & {
  name: RateLimitClass;
  allowed: boolean;
  remaining: number;
  /** Until the window ends, rounded up. */
  resetSeconds: number;
};
