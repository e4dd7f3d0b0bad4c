import type { NextConfig } from 'next';

const config: NextConfig = {
  agentRules: false,
  cacheComponents: true,
  partialPrefetching: true,
  poweredByHeader: false,
  reactStrictMode: true,
  typedRoutes: true,
  devIndicators: false,
  // No page has pictures to make smaller, so nobody may have that done; nor is there a folder to keep them in.
  images: { unoptimized: true, maximumDiskCacheSize: 0 },
  // Read by names that nothing can follow; a host that takes only what a route needs must take these, too.
  outputFileTracingIncludes: {
    '/**': [
      './content/posts/*.md',
      './node_modules/geist/dist/fonts/geist-sans/Geist-{Regular,SemiBold}.ttf',
    ],
  },
  // Native or dynamically loading packages: Node loads them from node_modules as they are.
  serverExternalPackages: [
    'better-sqlite3',
    'nodemailer',
    'pg',
    'pino',
    'undici',
    '@opentelemetry/api',
    '@opentelemetry/exporter-metrics-otlp-http',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-metrics',
    '@opentelemetry/sdk-trace',
  ],
};

export default config;
