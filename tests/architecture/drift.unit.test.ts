import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { publicQueries } from '#client/public-queries.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { isFixture } from '#tests/fixtures/is-fixture.ts';

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

const manifest = z
  .object({
    dependencies: z.record(z.string(), z.string()),
    optionalDependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
  })
  .parse(readJson('package.json'));

const lockfile = z
  .object({
    packages: z.record(
      z.string(),
      z.object({
        optionalDependencies: z.record(z.string(), z.string()).optional(),
        resolved: z.string().optional(),
      }),
    ),
  })
  .parse(readJson('package-lock.json'));

describe('lists that must match the router', () => {
  it('the public queries of the client are the non-sensitive queries of the router', () => {
    const open = [...procedures.values()].filter(
      ({ type, meta, path }) => type === 'query' && !meta.sensitive && !isFixture(path),
    );
    expect([...publicQueries].sort()).toEqual(open.map(({ path }) => path).sort());
  });

  it('all procedures under proxy are sensitive, because any upstream can be personal', () => {
    const open = [...procedures.values()].filter(
      ({ path, meta }) => path.startsWith('proxy.') && !meta.sensitive,
    );
    expect(open).toEqual([]);
  });
});

describe('packages', () => {
  it('are pinned to exact versions', () => {
    const versions = Object.entries({
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.devDependencies,
    });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('.nvmrc names the Node version that npm installs', () => {
    const versions = Object.entries(manifest.optionalDependencies)
      .filter(([name]) => name.startsWith('node-'))
      .map(([, version]) => version);
    expect(versions).toEqual(Array(5).fill(readFileSync('.nvmrc', 'utf8').trim()));
  });

  it('of tRPC have the same version', () => {
    const { dependencies } = manifest;
    expect(dependencies['@trpc/client']).toBe(dependencies['@trpc/server']);
    expect(dependencies['@trpc/react-query']).toBe(dependencies['@trpc/server']);
  });

  it('are locked for every platform: npm ci rejects a lockfile without a platform’s binary', () => {
    const missing = Object.entries(lockfile.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) =>
          !(`node_modules/${name}` in lockfile.packages) &&
          !(`${path}/node_modules/${name}` in lockfile.packages),
      ),
    );
    expect(missing).toEqual([]);
  });

  it('are locked without the URL of the registry', () => {
    expect(Object.values(lockfile.packages).filter(({ resolved }) => resolved?.startsWith('http'))).toEqual(
      [],
    );
  });
});
