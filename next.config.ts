import type { NextConfig } from 'next';

const config: NextConfig = {
  agentRules: false,
  cacheComponents: true,
  partialPrefetching: true,
  poweredByHeader: false,
  reactStrictMode: true,
  typedRoutes: true,
  devIndicators: false,
  // Native or dynamically loading packages: Node loads them from node_modules as they are.
  serverExternalPackages: ['better-sqlite3', 'nodemailer', 'pg', 'pino', 'undici'],
};

export default config;
