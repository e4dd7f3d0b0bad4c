import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';

const checkNode = './server/bin/check-node.mjs';
const { scripts, engines } = z
  .object({ scripts: z.record(z.string(), z.string()), engines: z.object({ node: z.string() }) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

/** Runs the check in a process that claims to be another version of Node. */
function checkOf(version: string) {
  const claim = `data:text/javascript,${encodeURIComponent(
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`,
  )}`;
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

test('the scripts that are run first check the Node', () => {
  const first = ['dev', 'build', 'start', 'demo', 'test'];
  expect(first.filter((name) => !scripts[name]?.startsWith(`node --import=${checkNode} `))).toEqual([]);
});
