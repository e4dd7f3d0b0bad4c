import type { RateLimit, RateLimits } from '#server/config/rate-limits.ts';

/** Returns rate limits of which each has the same points and window. */
export function equalLimits(limit: RateLimit): RateLimits {
  return {
    light: limit,
    upstream: limit,
    mail: limit,
    page: limit,
    signIn: limit,
    webhook: limit,
    mailSender: limit,
    mailSubnet: limit,
    mailNetwork: limit,
    mailSite: limit,
    mailSuspected: limit,
    mailAddress: limit,
    mailAddressDaily: limit,
    mailAddressTotal: limit,
    signInMailClient: limit,
    signInMailSite: limit,
  };
}
