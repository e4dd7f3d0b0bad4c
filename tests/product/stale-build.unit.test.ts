import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { changedSince, isBuildCurrent } from '#server/bin/startup-checks.ts';

test('the newest source that has changed since the build is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'typed-bff-build-'));
  const before = process.cwd();
  process.chdir(folder);
  onTestFinished(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });
  mkdirSync('app/weather', { recursive: true });
  const write = (path: string, seconds: number) => {
    writeFileSync(path, '');
    utimesSync(path, seconds, seconds);
  };
  write('app/weather/page.tsx', 1_000);
  write('app/layout.tsx', 1_001);
  expect(isBuildCurrent('BUILD_ID')).toBe(false);
  write('BUILD_ID', 1_002);
  expect(changedSince('BUILD_ID')).toBeUndefined();
  expect(isBuildCurrent('BUILD_ID')).toBe(true);
  write('app/weather/page.tsx', 1_003);
  expect(changedSince('BUILD_ID')).toBe(join('app', 'weather', 'page.tsx'));
  expect(isBuildCurrent('BUILD_ID')).toBe(false);
  write('package-lock.json', 1_004);
  expect(changedSince('BUILD_ID')).toBe('package-lock.json');
});
