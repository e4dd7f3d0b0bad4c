import type { NextConfig } from 'next';
import { externalPackages } from './external-packages.ts';

/** The policy of every page: no plugins, and frames only on this site. A page can set a policy that allows less. */
const contentPolicy = "object-src 'none'; base-uri 'self'; frame-ancestors 'self'";

/**
 * Adds the settings of the product to those of an existing application. Without a Content-Security-Policy of its own, a
 * page would get the one for responses that are no pages, which allows no scripts.
 */
export function withBff(config: NextConfig): NextConfig {
  return {
    ...config,
    poweredByHeader: config.poweredByHeader ?? false,
    serverExternalPackages: [...(config.serverExternalPackages ?? []), ...externalPackages],
    async headers() {
      const policy = { key: 'content-security-policy', value: contentPolicy };
      return [{ source: '/:path*', headers: [policy] }, ...((await config.headers?.()) ?? [])];
    },
  };
}
