import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildFolder } from '#server/process/build-folder.ts';
import { contextFiles } from '#tests/deploy/lay-image.ts';

export type Build = { folder: string; buildId: string };

export const buildIn = (folder: string): Build => ({
  folder,
  buildId: readFileSync(join(folder, buildFolder, 'BUILD_ID'), 'utf8'),
});

/**
 * Builds this checkout again in a separate folder, as an upgrade would be installed. The result is another build with
 * other file names, although the sources are the same.
 *
 * @throws Error when the build fails
 */
export function makeNewBuild(): Build & { remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'typed-bff-build-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    for (const file of contextFiles()) cpSync(file, join(folder, file));
    // Hard links, or copies on a file system without them.
    const { status } = spawnSync('cp', ['-al', 'node_modules', folder], { stdio: 'ignore' });
    if (status !== 0) cpSync('node_modules', join(folder, 'node_modules'), { recursive: true });
    const built = spawnSync(process.execPath, ['server/bin/launch.ts', 'build'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (built.status !== 0) throw new Error(`The second build failed:\n${built.stdout}${built.stderr}`);
    return { ...buildIn(folder), remove };
  } catch (error) {
    remove();
    throw error;
  }
}
