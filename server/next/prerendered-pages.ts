import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const manifestSchema = z.object({ routes: z.record(z.string(), z.unknown()) });

const inlineScript = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g;

/** What the paths without a page are answered with. */
const notFoundRoute = '/_not-found';

export type PrerenderedPages = {
  /** Whether the build made a page for exactly this path. */
  has(pathname: string): Promise<boolean>;
  /**
   * SHA-256 hashes of the inline scripts in the page: nothing can put a nonce into them. A path without such a
   * page has those of the not-found page, which it may turn out to be.
   */
  scriptHashes(pathname: string): Promise<readonly string[]>;
};

/** @param buildFolder Next's output, `.next`; without one there are no such pages */
export function readPrerenderedPages(buildFolder: string): PrerenderedPages {
  const known = new Map<string, Promise<readonly string[]>>();
  const routes = readFile(
    join(/* turbopackIgnore: true */ buildFolder, 'prerender-manifest.json'),
    'utf8',
  ).then(
    (text) => new Set(Object.keys(manifestSchema.parse(JSON.parse(text)).routes)),
    () => new Set<string>(),
  );
  return {
    has: async (pathname) => (await routes).has(pathname),
    async scriptHashes(pathname) {
      const route = (await routes).has(pathname) ? pathname : notFoundRoute;
      const hashes = known.get(route) ?? hashesOf(buildFolder, route);
      known.set(route, hashes);
      return hashes;
    },
  };
}

async function hashesOf(buildFolder: string, route: string): Promise<readonly string[]> {
  const file = join(
    /* turbopackIgnore: true */ buildFolder,
    'server',
    'app',
    `${route === '/' ? 'index' : route}.html`,
  );
  const html = await readFile(file, 'utf8').catch(() => '');
  const scripts = [...html.matchAll(inlineScript)].map(([, code = '']) => code);
  return [...new Set(scripts)].map((code) => createHash('sha256').update(code).digest('base64'));
}
