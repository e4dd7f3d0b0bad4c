import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { isAllowed } from './licence-rules.ts';
import { lockfiles, readLockfile } from './lockfile.ts';

const { allowScripts } = z
  .object({ allowScripts: z.record(z.string(), z.boolean()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

describe.each(lockfiles)('%s', (file) => {
  const { lockfileVersion, packages } = readLockfile(file);

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

  it('has only packages with allowed licences', () => {
    const rejected = packages.filter((each) => !isAllowed(each.license, each));
    expect(rejected.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
  });
});

describe('licences and install scripts', () => {
  it('package.json allows or denies every install script', () => {
    const scripted = readLockfile()
      .packages.filter(({ hasInstallScript }) => hasInstallScript)
      .map(({ name }) => name);
    expect(scripted.filter((name) => allowScripts[name] === undefined)).toEqual([]);
    const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name]);
    expect(allowed.filter((name) => !scripted.includes(name))).toEqual([]);
    expect(allowed).toEqual([]);
  });

  test.each([
    { licence: 'MIT', dev: false, allowed: true },
    { licence: '(MIT OR GPL-3.0-only)', dev: false, allowed: true },
    { licence: 'Apache-2.0 AND LGPL-3.0-or-later', dev: false, allowed: true },
    { licence: 'MIT AND GPL-3.0-only', dev: false, allowed: false },
    { licence: 'AGPL-3.0-only', dev: true, allowed: false },
    { licence: 'PSF-2.0', dev: true, allowed: true },
    { licence: 'PSF-2.0', dev: false, allowed: false },
    { licence: 'UNLICENSED', dev: true, allowed: false },
    { licence: undefined, dev: true, allowed: false },
  ])('$licence with dev=$dev is allowed: $allowed', ({ licence, dev, allowed }) => {
    expect(isAllowed(licence, { dev })).toBe(allowed);
  });
});
