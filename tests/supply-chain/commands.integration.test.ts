import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { readLockfile } from './lockfile.ts';

type Result = { code: number | null; output: string; errors: string };

async function run(
  command: string,
  args: string[],
  options: { cwd?: string; env?: object } = {},
): Promise<Result> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
    env: { ...process.env, ...options.env },
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, output, errors };
}

const installed = { alpha: '1.0.0', beta: '1.2.3', gamma: '0.3.0', delta: '2.0.0' };
const latest = { alpha: '2.0.0', beta: '1.2.4', gamma: '0.4.0', delta: '2.0.0' };

/** Creates a project with installed packages, and a local registry that has newer versions. */
async function project(): Promise<{ cwd: string; env: Record<string, string> }> {
  const cwd = mkdtempSync(join(tmpdir(), 'typed-bff-outdated-'));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'project', dependencies: installed }));
  for (const [name, version] of Object.entries(installed)) {
    mkdirSync(join(cwd, 'node_modules', name), { recursive: true });
    writeFileSync(join(cwd, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }));
  }
  const registry = createServer(({ url = '' }, response) => {
    const name = url.slice(1);
    const versions = new Map(
      [...Object.entries(installed), ...Object.entries(latest)]
        .filter(([each]) => each === name)
        .map(([, version]) => [
          version,
          { name, version, dist: { tarball: `http://localhost/${name}.tgz` } },
        ]),
    );
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        name,
        'dist-tags': { latest: [...versions.keys()].at(-1) },
        versions: Object.fromEntries(versions),
      }),
    );
  }).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  onTestFinished(() => void registry.close());
  const address = registry.address();
  if (address === null || typeof address === 'string') throw new Error('the registry has no port');
  const env = {
    npm_config_registry: `http://127.0.0.1:${address.port}/`,
    npm_config_cache: join(cwd, 'cache'),
    npm_config_fetch_retries: '0',
  };
  return { cwd, env };
}

const outdated = resolve('tests/supply-chain/outdated.ts');

test('npm run outdated lists newer versions, breaking ones first, and exits with 0', async () => {
  const { code, output, errors } = await run(process.execPath, [outdated], await project());
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(
    output
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    ['package', 'current', 'wanted', 'latest', 'step'],
    ['alpha', '1.0.0', '1.0.0', '2.0.0', 'major'],
    ['gamma', '0.3.0', '0.3.0', '0.4.0', 'major'],
    ['beta', '1.2.3', '1.2.3', '1.2.4', 'patch'],
  ]);
});

test('npm run outdated reports an unreachable registry', async () => {
  const { cwd, env } = await project();
  const { code, output, errors } = await run(process.execPath, [outdated], {
    cwd,
    env: { ...env, npm_config_registry: 'http://127.0.0.1:9/' },
  });
  expect({ code, output }).toEqual({ code: 1, output: '' });
  expect(errors).toContain('The registry could not be reached');
});

test('npm run sbom lists every package of the lockfile as CycloneDX, with its hash and licence', async () => {
  const { code, output } = await run('npm', ['run', '--silent', 'sbom']);
  expect(code).toBe(0);
  const component = z.looseObject({
    name: z.string(),
    version: z.string(),
    purl: z.string().startsWith('pkg:npm/'),
    hashes: z.array(z.object({ alg: z.literal('SHA-512'), content: z.string().length(128) })).default([]),
    licenses: z.array(z.unknown()).default([]),
  });
  const { components } = z
    .object({ bomFormat: z.literal('CycloneDX'), specVersion: z.string(), components: z.array(component) })
    .parse(JSON.parse(output));
  const locked = readLockfile().packages;
  const nameOf = ({ name, version }: { name: string; version: string }) => `${name} ${version}`;
  expect(new Set(components.map(nameOf))).toEqual(new Set(locked.map(nameOf)));
  const inBundle = new Set(locked.filter((each) => each.inBundle).map(nameOf));
  const withoutHash = components.filter(({ hashes }) => hashes.length === 0).map(nameOf);
  expect(withoutHash.filter((name) => !inBundle.has(name))).toEqual([]);
  // npm leaves out licences that are not SPDX identifiers or are in an older field. `npm run licences` reads them.
  expect(components.filter(({ licenses }) => licenses.length === 0).map(({ name }) => name)).toEqual([
    'busboy',
    'geist',
    'humanize-number',
    'streamsearch',
  ]);
});

test('npm run licences -- --omit=dev lists production packages by licence', async () => {
  const { code, output } = await run(process.execPath, ['tests/supply-chain/licences.ts', '--omit=dev']);
  expect(code).toBe(0);
  expect(output).toMatch(/^MIT \(\d+\)\n {2}.*\bzod \d/m);
  expect(output).not.toContain('vitest');
});
