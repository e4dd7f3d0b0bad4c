/** Rate-limit classes of procedures. Each caller has a bucket per class. */
const classes = ['light', 'upstream', 'mail'] as const;
export type RateLimitClass = (typeof classes)[number];

/**
 * Mail quotas: per sender address, per IPv6 /56 and /48, which have many client addresses, and for the whole site, with
 * suspected mails counted separately, so that bots cannot use up the quota of people.
 *
 * Mails for signing in have quotas of their own, so that neither kind of mail can stop the other: per client, per recipient
 * and client in a short and a long window, per recipient, and for the whole site. A stranger alone uses up only the quotas
 * of their own client, not that of the recipient.
 */
const quotas = [
  'mailSender',
  'mailSubnet',
  'mailNetwork',
  'mailSite',
  'mailSuspected',
  'mailAddress',
  'mailAddressDaily',
  'mailAddressTotal',
  'signInMailClient',
  'signInMailSite',
] as const;
export type QuotaName = (typeof quotas)[number];

/** Limits of requests that are not calls: pages, the steps of a sign-in, and webhooks. Each client has a bucket. */
const ofRequests = ['page', 'signIn', 'webhook'] as const;

export const rateLimitNames = [...classes, ...ofRequests, ...quotas] as const;
/** Limits that each client has on its own. */
export type ClientLimitName = RateLimitClass | (typeof ofRequests)[number];
export type RateLimitName = (typeof rateLimitNames)[number];

/** Number of points per window. A call costs one point. */
export type RateLimit = { points: number; windowSeconds: number };
export type RateLimits = Readonly<Record<RateLimitName, RateLimit>>;

/** State of a bucket after a charge. */
export type ChargeResult = {
  /** Points charged in the current window, which can be more than the limit. */
  consumed: number;
  msBeforeNext: number;
};

/** State of a bucket after a call was charged to it, as reported to the caller. */
export type RateLimitState = RateLimit & {
  name: ClientLimitName;
  allowed: boolean;
  remaining: number;
  /** Time until the window ends, rounded up. */
  resetSeconds: number;
};
