import { globSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** Route modules of the product that an existing application gets, in `app`. Its own pages stay as they are. */
const routes = [
  'api/**/route.ts',
  'auth/**/route.ts',
  'healthz/route.ts',
  'mcp/route.ts',
  'metrics/route.ts',
  'openapi.json/route.ts',
  'readyz/route.ts',
  '.well-known/oauth-protected-resource/**/route.ts',
];
/** Refreshes the feed, which the application does not get. */
const feedWebhook = 'api/revalidate/route.ts';
/** The module with which server components call the router. */
const helpers = ['_lib/api.ts', '_lib/caller.ts'];

/** A file of the product, and its place in the application. */
export type Placed = { from: string; to: string };

/** Returns the files that an application gets. */
export function filesFor(appFolder: string): Placed[] {
  const whole = ['server/**/*', 'client/**/*.{ts,tsx}']
    .flatMap((pattern) => globSync(pattern, { withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/^server\/bin\/(?:add-to|init|new)\b|^client\/(?:examples|bin)\//.test(file));
  const inApp = [...routes, ...helpers]
    .flatMap((pattern) => globSync(pattern, { cwd: 'app' }))
    .filter((file) => file !== feedWebhook);
  return [
    ...whole.map((file) => ({ from: file, to: file })),
    ...inApp.map((file) => ({ from: join('app', file), to: join(appFolder, file) })),
    { from: 'instrumentation.ts', to: join(dirname(appFolder), 'instrumentation.ts') },
  ];
}

/** Returns the paths without parameters that the product's own server answers, without Next. */
export function productRoutes(): string[] {
  return readdirSync('app', { recursive: true, encoding: 'utf8' })
    .filter((file) => basename(file) === 'route.ts' && !file.includes('['))
    .filter((file) => readFileSync(join('app', file), 'utf8').includes('routeHandlers('))
    .map((file) => `/${dirname(file).replaceAll('\\', '/')}`);
}

const imported = /\bfrom '([^'.#][^']*)'|\bimport(?:\(| )'([^'.#][^']*)'/g;

/** Returns the packages that source files import. */
export function packagesOf(files: readonly string[]): Set<string> {
  const names = files
    .filter((file) => /\.(?:ts|tsx|mjs)$/.test(file))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(imported)])
    .map(([, one, other]) => one ?? other ?? '')
    .filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
  return new Set(names.map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name));
}
