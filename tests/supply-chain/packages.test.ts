import { readFileSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { z } from 'zod';
import { mayBeUsed } from './licence-rules.ts';
import { readLockfile } from './lockfile.ts';

const { lockfileVersion, packages } = readLockfile();
const { allowScripts } = z
  .object({ allowScripts: z.record(z.string(), z.boolean()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

describe('the lockfile', () => {
  it('is of the form that npm ci checks', () => {
    expect(lockfileVersion).toBe(3);
  });

  it('holds the SHA-512 of every package, for every platform', () => {
    const unsealed = packages.filter(
      ({ integrity, inBundle }) => !inBundle && !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''),
    );
    expect(unsealed.map(({ path }) => path)).toEqual([]);
  });

  it('takes packages from the registry alone: no folder, archive or repository', () => {
    expect(packages.filter(({ resolved, link }) => resolved !== undefined || link)).toEqual([]);
  });

  it('has no package that runs a script at installation but those that package.json decides on', () => {
    const scripted = packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name);
    expect(scripted.filter((name) => allowScripts[name] === undefined)).toEqual([]);
    const allowed = Object.keys(allowScripts).filter((name) => allowScripts[name]);
    expect(allowed.filter((name) => !scripted.includes(name))).toEqual([]);
    expect(allowed).toEqual(['node']);
  });
});

describe('licences', () => {
  it('of all packages are such that they may be used', () => {
    const refused = packages.filter((each) => !mayBeUsed(each.license, each));
    expect(refused.map(({ name, license }) => `${name}: ${license}`)).toEqual([]);
  });

  test.each([
    { licence: 'MIT', dev: false, may: true },
    { licence: '(MIT OR GPL-3.0-only)', dev: false, may: true },
    { licence: 'Apache-2.0 AND LGPL-3.0-or-later', dev: false, may: true },
    { licence: 'MIT AND GPL-3.0-only', dev: false, may: false },
    { licence: 'AGPL-3.0-only', dev: true, may: false },
    { licence: 'MPL-2.0', dev: true, may: true },
    { licence: 'MPL-2.0', dev: false, may: false },
    { licence: 'UNLICENSED', dev: true, may: false },
    { licence: undefined, dev: true, may: false },
  ])('$licence, for development alone: $dev', ({ licence, dev, may }) => {
    expect(mayBeUsed(licence, { dev })).toBe(may);
  });
});
