import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';

const checkNode = './server/bin/check-node.mjs';
const { engines } = z
  .object({ engines: z.object({ node: z.string() }) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

/** A module that makes a process claim to be another version of Node. */
const claimOf = (version: string) =>
  `data:text/javascript,${encodeURIComponent(
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`,
  )}`;

function checkOf(version: string) {
  const claim = claimOf(version);
  return spawnSync(process.execPath, [`--import=${claim}`, `--import=${checkNode}`, '--eval', ''], {
    encoding: 'utf8',
  });
}

test.each(['20.20.2', '22.18.0'])('Node %s is told what is missing', (version) => {
  const { status, stderr } = checkOf(version);
  expect(status).toBe(1);
  expect(stderr).toBe(
    `typed-bff needs Node ${engines.node.replace('>=', '')} or newer, and this is Node ${version}. npm installs a newer one with the optional packages: run "npm ci --include=optional". Where that has no effect, install Node yourself: https://nodejs.org\n`,
  );
});

test.each(['22.19.0', '24.0.0', '26.10.0'])('Node %s passes', (version) => {
  const { status, stderr } = checkOf(version);
  expect([status, stderr]).toEqual([0, '']);
});

test('the commands check the Node first', () => {
  const claim = claimOf('20.20.2');
  const { status, stderr } = spawnSync(
    process.execPath,
    [`--import=${claim}`, 'server/bin/run.mjs', 'help'],
    {
      encoding: 'utf8',
    },
  );
  expect([status, stderr]).toEqual([1, expect.stringContaining('this is Node 20.20.2')]);
});
