import { readFileSync } from 'node:fs';
import { z } from 'zod';

const lockfileSchema = z.object({
  lockfileVersion: z.int(),
  packages: z.record(
    z.string(),
    z.object({
      name: z.string().optional(),
      version: z.string(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      resolved: z.string().optional(),
      link: z.boolean().optional(),
      dev: z.boolean().default(false),
      /** Bundled inside its parent package, whose integrity hash covers it. */
      inBundle: z.boolean().default(false),
      hasInstallScript: z.boolean().default(false),
    }),
  ),
});

export type LockedPackage = z.infer<typeof lockfileSchema>['packages'][string] & {
  name: string;
  path: string;
};

/** Reads every package that `npm ci` installs: all entries of the lockfile except this project. */
export function readLockfile(source = readFileSync('package-lock.json', 'utf8')): {
  lockfileVersion: number;
  packages: LockedPackage[];
} {
  const { lockfileVersion, packages } = lockfileSchema.parse(JSON.parse(source));
  return {
    lockfileVersion,
    packages: Object.entries(packages)
      .filter(([path]) => path !== '')
      .map(([path, entry]) => ({
        ...entry,
        path,
        name: entry.name ?? path.replace(/^.*node_modules\//, ''),
      })),
  };
}
