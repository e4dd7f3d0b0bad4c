import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFolder } from '#server/lib/make-folder.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'typed-bff-folder-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

test('a folder and its missing parents are created for their owner alone', () => {
  const path = join(root, 'a', 'b', 'c');
  makeFolder(path, 0o700);
  expect([join(root, 'a'), join(root, 'a', 'b'), path].map(modeOf)).toEqual([0o700, 0o700, 0o700]);
});

test('a folder that exists stays as it is', () => {
  const path = join(root, 'a');
  mkdirSync(path, { mode: 0o750 });
  makeFolder(path, 0o700);
  expect(modeOf(path)).toBe(0o750);
});

test.each(['file', join('file', 'a')])('a file is in the way of %s', (path) => {
  writeFileSync(join(root, 'file'), 'text');
  expect(() => makeFolder(join(root, path), 0o700)).toThrow(/EEXIST|ENOTDIR/);
});

test('a folder that appears while its parents are created is no error', () => {
  // Its parent `a/..` exists as soon as `a` is created.
  const path = `${root}/a/../a`;
  makeFolder(path, 0o700);
  expect(statSync(path).isDirectory()).toBe(true);
});

test('the root of the file system has no parent that could be created', () => {
  expect(() => makeFolder('/', 0o700)).not.toThrow();
});
