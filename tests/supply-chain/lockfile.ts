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

/** Licences in the old field `licenses` of package.json, which lockfiles leave out. */
const oldField = new Map([
  ['compute-gcd 1.2.1', 'MIT'],
  ['compute-lcm 1.1.2', 'MIT'],
  ['validate.io-function 1.0.2', 'MIT'],
  ['validate.io-integer 1.0.5', 'MIT'],
  ['validate.io-integer-array 1.0.0', 'MIT'],
  ['validate.io-number 1.0.3', 'MIT'],
]);

/** The lockfiles of the project and of the tools that only some tests install. */
export const lockfiles = ['package-lock.json', 'tests/openapi/package-lock.json'] as const;

/** Reads every package that `npm ci` installs: all entries of the lockfile except its project. */
export function readLockfile(file: (typeof lockfiles)[number] = 'package-lock.json'): {
  lockfileVersion: number;
  packages: LockedPackage[];
} {
  const { lockfileVersion, packages } = lockfileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return {
    lockfileVersion,
    packages: Object.entries(packages)
      .filter(([path]) => path !== '')
      .map(([path, entry]) => {
        const name = entry.name ?? path.replace(/^.*node_modules\//, '');
        const license = entry.license ?? oldField.get(`${name} ${entry.version}`);
        return { ...entry, path, name, ...(license === undefined ? {} : { license }) };
      }),
  };
}
