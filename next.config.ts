import { existsSync } from 'node:fs';
import type { NextConfig } from 'next';
import { limits } from './server/config/limits.ts';
import { externalPackages } from './server/next/external-packages.ts';
import { buildFolder, hasFixtures } from './server/process/build-folder.ts';

const config: NextConfig = {
  distDir: buildFolder,
  turbopack: {
    // Turbopack does not read the conditions of Node.
    resolveAlias: hasFixtures
      ? Object.fromEntries(
          ['procedures', 'settings', 'upstreams'].map((name) => [
            `#server/custom/${name}.ts`,
            `./tests/fixtures/custom/${name}.ts`,
          ]),
        )
      : {},
  },
  agentRules: false,
  cacheComponents: true,
  partialPrefetching: true,
  poweredByHeader: false,
  reactStrictMode: true,
  typedRoutes: true,
  devIndicators: false,
  experimental: {
    // Next buffers a request's body for proxy.ts. Only forms have one.
    proxyClientMaxBodySize: limits.formBodyBytes,
    // A checkout of a CI service is built once, so nothing would read the cache.
    turbopackFileSystemCacheForBuild: !process.env.CI,
  },
  typescript: {
    // Without the development packages, types are missing. `npm test` checks all types at once, after the build.
    ignoreBuildErrors: !existsSync('node_modules/vitest') || process.env.BUILD_WITHOUT_TYPES === '1',
  },
  // No page uses optimized images: disables the public optimization endpoint and its disk cache.
  images: { unoptimized: true, maximumDiskCacheSize: 0 },
  // Files that Next's tracing cannot find, for hosts that deploy only the traced files of each route.
  outputFileTracingIncludes: {
    '/**': [
      './content/posts/**/*.{md,markdown}',
      './node_modules/geist/dist/fonts/geist-sans/Geist-{Regular,SemiBold}.ttf',
    ],
  },
  serverExternalPackages: [...externalPackages],
};

export default config;
