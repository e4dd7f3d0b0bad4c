import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';

export type Import = {
  /** As written in the source. */
  specifier: string;
  /** The imported file of this project, or undefined for a package. */
  file: string | undefined;
  /** True for `import type`, which is erased at run time. */
  typeOnly: boolean;
};

const aliases = /^#(app|client|server|tests)\//;
const statements = /^\s*(?:import|export)\s+(type\s+)?(?:[\w*{][^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const dynamicImports = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Returns the imports of every source file of the product, by its path from the root. */
export function readImportGraph(): Map<string, Import[]> {
  // A glob skips folders such as app/.well-known unless it names their dot.
  return readImports('{app,client,server}/**/*.{ts,tsx}', 'app/.*/**/*.{ts,tsx}', 'instrumentation.ts');
}

/** Returns the imports of the files that match these patterns, by their paths from the root. */
export function readImports(...patterns: string[]): Map<string, Import[]> {
  const files = globSync(patterns).map((file) => file.replaceAll('\\', '/'));
  return new Map(files.map((file) => [file, importsOf(file)]));
}

function importsOf(file: string): Import[] {
  const source = readFileSync(file, 'utf8');
  const imports = [
    ...[...source.matchAll(statements)].map(([, type, specifier = '']) => ({
      specifier,
      typeOnly: type !== undefined,
    })),
    ...[...source.matchAll(dynamicImports)].map(([, specifier = '']) => ({ specifier, typeOnly: false })),
  ];
  return imports.map((entry) => ({ ...entry, file: resolve(file, entry.specifier) }));
}

function resolve(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  return aliases.test(specifier) ? specifier.slice(1) : undefined;
}

/** Returns the files that are loaded with a file: itself and all direct and indirect imports except type imports. */
export function reachedFrom(start: string, graph: Map<string, Import[]>): Set<string> {
  const reached = new Set<string>();
  const visit = (file: string): void => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const entry of graph.get(file) ?? []) if (entry.file && !entry.typeOnly) visit(entry.file);
  };
  visit(start);
  return reached;
}
