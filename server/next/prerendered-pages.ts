import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const manifestSchema = z.object({ routes: z.record(z.string(), z.unknown()) });

/** The prerendered page that Next serves for paths without a page. */
const notFoundRoute = '/_not-found';

export type PrerenderedPages = {
  /** Returns whether the build prerendered a page for exactly this path. */
  has(pathname: string): Promise<boolean>;
  /**
   * Returns the SHA-256 hashes of the page's inline scripts, which cannot carry a nonce. For a path without a
   * prerendered page it returns those of the not-found page, which Next may serve for it.
   */
  scriptHashes(pathname: string): Promise<readonly string[]>;
};

/** @param buildFolder Next's output, `.next`; if it does not exist, no page is prerendered */
export function readPrerenderedPages(buildFolder: string): PrerenderedPages {
  const hashesByRoute = new Map<string, Promise<readonly string[]>>();
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
      const hashes = hashesByRoute.get(route) ?? hashesOf(buildFolder, route);
      hashesByRoute.set(route, hashes);
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
  return [...new Set(inlineScriptsOf(html))].map((code) =>
    createHash('sha256').update(code).digest('base64'),
  );
}

/** Returns the code of the inline scripts. The HTML was written by React, which closes every script. */
function inlineScriptsOf(html: string): string[] {
  return html.split('</script>').flatMap((part) => {
    const start = part.indexOf('<script');
    const end = part.indexOf('>', start);
    if (start < 0 || /\ssrc=/.test(part.slice(start, end))) return [];
    return [part.slice(end + 1)];
  });
}
