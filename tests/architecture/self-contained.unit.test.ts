import { globSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Folders written by npm, Next, Git and the tests. */
const generated = ['node_modules', '.next', '.git', '.output', '.data'];

const files = globSync(['**/*.{ts,tsx,mjs,js,json,yaml,css,sh}', '**/Dockerfile', '.ci/*'], {
  exclude: (path) => generated.includes(posix.basename(path)) || path === 'package-lock.json',
  // Some route folders have the name of a file, e.g. feed.json.
}).filter((path) => statSync(path).isFile());

/** A word or string literal that starts with `../`, in any language. */
const parentPath = /(?<![\w./\\-])(?:\.\/)*(?:\.\.\/)+[\w.@/-]*/g;
/** new URL('path', import.meta.url) */
const moduleUrl = /\bnew URL\(\s*['"`]([^'"`:]*)['"`]\s*,\s*import\.meta\.url/g;
/** join(import.meta.dirname, 'path', 'path') */
const joined = /\b(?:join|resolve)\(\s*import\.meta\.dirname\s*,([^()]*)\)/g;
/** `${import.meta.dirname}/path` */
const interpolated = /\$\{import\.meta\.dirname\}\/([^`'"$]*)/g;
/**
 * A path passed to node:fs, joined to process.cwd() or set as `cwd`: tests and scripts run in the repository's root.
 */
const fromRoot =
  /\b(?:(?:readFile|readdir|writeFile|copyFile|createReadStream|open|opendir|stat|access|exists|glob|cp)(?:Sync)?\(\s*|cwd(?:\(\)\s*,|:)\s*)['"`]((?:\.\/)*\.\.[^'"`]*)['"`]/g;

/**
 * Returns the paths in a source text that point outside the repository. Paths built from variables are not
 * recognized.
 */
function outsidePaths(file: string, source: string): string[] {
  const all = (pattern: RegExp) => [...source.matchAll(pattern)].map(([match, path = match]) => path);
  const joinedPaths = all(joined).map((list) =>
    posix.join(...[...list.matchAll(/['"`]([^'"`]*)['"`]/g)].map(([, segment = '']) => segment)),
  );
  const fromFile = [...all(parentPath), ...all(moduleUrl), ...all(interpolated), ...joinedPaths];
  const leaves = (base: string, path: string) =>
    !path.startsWith('/') && /^\.\.(?:\/|$)/.test(posix.join(base, path));
  const outside = [
    ...fromFile.filter((path) => leaves(posix.dirname(file), path)),
    ...all(fromRoot).filter((path) => leaves('.', path)),
  ];
  return [...new Set(outside)];
}

describe('the repository is self-contained', () => {
  it('no file refers to a path outside the repository', () => {
    expect(files).toEqual(
      expect.arrayContaining(['package.json', '.ci/run', 'Dockerfile', 'server/trpc/router.ts']),
    );
    expect(files.length).toBeGreaterThan(700);
    const outside = files.flatMap((file) =>
      outsidePaths(file, readFileSync(file, 'utf8')).map((path) => `${file} → ${path}`),
    );
    expect(outside).toEqual([]);
  });

  // The samples contain ↑ instead of two dots, so that this file contains no such path.
  const sample = (text: string) => text.replaceAll('↑', '..');

  it.each([
    ['tests/a/b.ts', "new URL('↑/↑/↑/shared/x/', import.meta.url)"],
    ['tests/a/b.ts', "new URL('./c/↑/↑/↑/↑/shared', import.meta.url)"],
    ['tests/a/b.ts', "new URL('↑/↑/↑', import.meta.url)"],
    ['tests/a/b.ts', "const folder = '↑/↑/↑/shared';"],
    ['tests/a/b.ts', "import x from '↑/↑/↑/shared/x.json';"],
    ['tests/a/b.ts', "join(import.meta.dirname, '↑', '↑', '↑', 'shared')"],
    ['tests/a/b.ts', "join(import.meta.dirname, '↑/↑/↑/shared')"],
    ['tests/a/b.ts', `readFileSync(\`\${import.meta.dirname}/↑/↑/↑/shared/x\`)`],
    ['tests/a/b.ts', "readFileSync('↑/shared/x')"],
    ['tests/a/b.ts', "join(process.cwd(), '↑', 'shared')"],
    ['tests/a/b.ts', "spawn('node', { cwd: '↑' })"],
    ['package.json', '{ "scripts": { "x": "node ↑/shared/x.ts" } }'],
    ['.ci/run', 'cp ↑/↑/shared/x .'],
  ])('finds the path in %s: %s', (file, text) => {
    expect(outsidePaths(file, sample(text))).toHaveLength(1);
  });

  it.each([
    ['tests/a/b.ts', "new URL('↑/↑/', import.meta.url)"],
    ['tests/a/b.ts', "import x from '↑/↑/server/x.ts';"],
    ['tests/a/b.ts', "join(import.meta.dirname, '↑', '↑')"],
    ['tests/a/b.ts', "new URL('https://example.org/↑/↑/↑/x', import.meta.url)"],
    ['tests/a/b.ts', "fetch('/a/↑/↑/↑/x?y=b/↑/↑/↑/z')"],
    ['tests/a/b.ts', "['.', '↑'].join(',')"],
    ['.ci/run', 'cd "$(dirname "$0")/↑"'],
  ])('accepts the path inside the repository in %s: %s', (file, text) => {
    expect(outsidePaths(file, sample(text))).toEqual([]);
  });
});
