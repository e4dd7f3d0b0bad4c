import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { isAllowed } from './licence-rules.ts';
import { readLockfile } from './lockfile.ts';

const { lockfileVersion, packages } = readLockfile();
const { allowScripts } = z
  .object({ allowScripts: z.record(z.string(), z.boolean()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

describe('the lockfile', () => {
  it('has the version that npm ci verifies', () => {
    expect(lockfileVersion).toBe(3);
  });

  it('has a SHA-512 hash for every package on every platform', () => {
    const withoutHash = packages.filter(
      ({ integrity, inBundle }) => !inBundle && !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''),
    );
    expect(withoutHash.map(({ path }) => path)).toEqual([]);
  });

  it('takes packages only from the registry, not from folders, archives or repositories', () => {
    expect(packages.filter(({ resolved, link }) => resolved !== undefined || link)).toEqual([]);
  });

  it('has no install script that package.json does not allow or deny', () => {
    const scripted = packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name);
    expect(scripted.filter((name) => allowScripts[name] === undefined)).toEqual([]);
    const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name]);
    expect(allowed.filter((name) => !scripted.includes(name))).toEqual([]);
    expect(allowed).toEqual(['node']);
  });
});

describe('licences', () => {
  it('of all packages are allowed', () => {
    const rejected = packages.filter((each) => !isAllowed(each.license, each));
    expect(rejected.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
  });

  test.each([
    { licence: 'MIT', dev: false, allowed: true },
    { licence: '(MIT OR GPL-3.0-only)', dev: false, allowed: true },
    { licence: 'Apache-2.0 AND LGPL-3.0-or-later', dev: false, allowed: true },
    { licence: 'MIT AND GPL-3.0-only', dev: false, allowed: false },
    { licence: 'AGPL-3.0-only', dev: true, allowed: false },
    { licence: 'MPL-2.0', dev: true, allowed: true },
    { licence: 'MPL-2.0', dev: false, allowed: false },
    { licence: 'UNLICENSED', dev: true, allowed: false },
    { licence: undefined, dev: true, allowed: false },
  ])('$licence with dev=$dev is allowed: $allowed', ({ licence, dev, allowed }) => {
    expect(isAllowed(licence, { dev })).toBe(allowed);
  });
});
