import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { buildFolder } from '#server/process/build-folder.ts';
import { table } from './support/table.ts';

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional(), version: z.string().optional() })),
});

/** Total size in bytes of the files in a folder, without those for which `skip` returns true. */
function sizeOf(path: string, skip: (name: string, path: string) => boolean): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.isFile() ? stat.size : 0;
  const names = readdirSync(path).filter((name) => !skip(name, path));
  return names.reduce((sum, name) => sum + sizeOf(join(path, name), skip), 0);
}

/** The packages that `npm ci --omit=dev` would install according to the lockfile. Nested packages are counted once. */
function productionPackages(): { path: string; bytes: number }[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && !dev)
    .map(([path]) => ({
      path,
      bytes: sizeOf(path, (name, folder) => name === 'node_modules' && folder === path),
    }))
    .filter(({ bytes }) => bytes > 0)
    .sort((one, other) => other.bytes - one.bytes);
}

export type Deployed = { build: number; modules: number; largest: { path: string; bytes: number }[] };

const notDeployed = ['cache', 'dev', 'types', 'trace'];

/**
 * Size in bytes of a production deployment: the build without its cache and source maps, as in the image, and the
 * packages without devDependencies.
 */
export function measureDeployed(): Deployed {
  const packages = productionPackages();
  const deployed = {
    build: sizeOf(
      buildFolder,
      (name, folder) => name.endsWith('.map') || (folder === buildFolder && notDeployed.includes(name)),
    ),
    modules: packages.reduce((sum, { bytes }) => sum + bytes, 0),
    largest: packages.slice(0, 5),
  };
  const rows = [
    [`${buildFolder} without cache and source maps`, deployed.build],
    [`node_modules, ${packages.length} packages`, deployed.modules],
    ...deployed.largest.map(({ path, bytes }) => [`  ${path}`, bytes] as const),
  ] as const;
  const cells = rows.map(([name, bytes]) => [name, (bytes / 1e6).toFixed(1)]);
  console.log(`\ndeployed\n${table(['', 'MB'], cells)}`);
  return deployed;
}
