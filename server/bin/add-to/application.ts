import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../operator-command.ts';

const names = z.record(z.string(), z.string());

const manifestSchema = z.looseObject({
  type: z.string().optional(),
  scripts: names.optional(),
  dependencies: names.optional(),
  devDependencies: names.optional(),
  imports: z.record(z.string(), z.unknown()).optional(),
});
export type Manifest = z.infer<typeof manifestSchema>;

const tsconfigSchema = z.looseObject({
  compilerOptions: z.looseObject({ lib: z.array(z.string()).optional() }).optional(),
});
export type TypeScriptConfig = z.infer<typeof tsconfigSchema>;

/** An application of Next with the App Router. All paths are relative to its folder. */
export type Application = {
  folder: string;
  manifest: Manifest;
  tsconfig: TypeScriptConfig;
  /** `app` or `src/app`. */
  appFolder: string;
  configFile: string;
  /** Source of the configuration of Next. */
  config: string;
  /** Paths of its own route handlers and metadata routes, as in `server/custom/next-paths.ts`. */
  routes: string[];
  /** Files with Server Actions. */
  actions: string[];
};

/** Files and folders that the product brings, and that must not exist yet. */
const newEntries = ['server', 'client'];

/**
 * Reads an application.
 *
 * @throws UsageError with everything that is in the way
 */
export function readApplication(folder: string, ownNextVersion: string): Application {
  const at = (file: string) => join(folder, file);
  const manifest = readJson(at('package.json'), manifestSchema);
  const tsconfig = readJson(at('tsconfig.json'), tsconfigSchema);
  const appFolder = ['src/app', 'app'].find((each) => existsSync(at(each)));
  const configFile = ['next.config.ts', 'next.config.mjs'].find((each) => existsSync(at(each)));
  if (!appFolder) throw new UsageError('It has no folder app or src/app: only the App Router is supported.');
  if (!configFile) throw new UsageError('It has no next.config.ts or next.config.mjs.');

  const root = dirname(appFolder);
  const problems = [
    ...[...newEntries, join(root, 'instrumentation.ts')]
      .filter((entry) => existsSync(at(entry)))
      .map((entry) => `${entry} exists already.`),
    ...versionProblems(manifest, ownNextVersion),
  ];
  const config = readFileSync(at(configFile), 'utf8');
  if (!exportPattern.test(config))
    problems.push(`${configFile} does not end with "export default <name>;", so it cannot be changed.`);
  if (problems.length > 0) throw new UsageError(`Nothing was changed:\n${problems.join('\n')}`);

  const sources = globSync('**/*.{ts,tsx,js,jsx}', { cwd: at(appFolder) });
  return {
    folder,
    manifest,
    tsconfig,
    appFolder,
    configFile,
    config,
    routes: [...new Set(sources.flatMap(routeOf))].sort(),
    actions: sources
      .map((file) => join(appFolder, file))
      .filter((file) => /^[ \t]*(?:'use server'|"use server")/m.test(readFileSync(at(file), 'utf8'))),
  };
}

export const exportPattern = /^export default (\w+);?\s*$/m;

function versionProblems({ dependencies = {} }: Manifest, ownNextVersion: string): string[] {
  const { next } = dependencies;
  if (next === undefined) return ['package.json does not depend on next.'];
  const major = (version: string) => /\d+/.exec(version)?.[0];
  if (major(next) === major(ownNextVersion)) return [];
  return [`It uses next ${next}, and the product ${ownNextVersion}: upgrade it first.`];
}

function readJson<T>(file: string, schema: z.ZodType<T>): T {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const parsed = schema.parse(json);
    // The schema puts the keys that it knows first.
    const order = Object.keys(Object(json));
    return Object.assign(Object.fromEntries(order.map((key) => [key, undefined])), parsed);
  } catch (error) {
    const reason =
      error instanceof Error && 'code' in error ? 'does not exist' : 'is no JSON of the usual form';
    throw new UsageError(`Nothing was changed: ${relative('', file)} ${reason}.`);
  }
}

const metadataRoutes: Readonly<Record<string, string>> = {
  robots: '/robots.txt',
  sitemap: '/sitemap.xml',
  manifest: '/manifest.webmanifest',
};

/** Returns the path of a route handler or metadata route. A path with a parameter ends before it, with a slash. */
function routeOf(file: string): string[] {
  const [, folder = '', name = ''] = /^(?:(.*)[/\\])?([^/\\]+)\.\w+$/.exec(file) ?? [];
  const metadata = folder === '' ? metadataRoutes[name] : undefined;
  if (metadata !== undefined) return [metadata];
  if (name !== 'route') return [];
  const segments = folder.split(/[/\\]/).filter((segment) => !/^[(@]/.test(segment));
  const parameter = segments.findIndex((segment) => segment.startsWith('['));
  return [parameter < 0 ? `/${segments.join('/')}` : `/${[...segments.slice(0, parameter), ''].join('/')}`];
}
