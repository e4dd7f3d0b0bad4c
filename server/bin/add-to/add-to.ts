import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../operator-command.ts';
import { type Application, type Manifest, readApplication } from './application.ts';
import { filesFor, packagesOf, productRoutes } from './files.ts';
import { mergeManifest, mergeNextConfig, mergeTsconfig } from './merge.ts';

export const usage = 'npm run add-to -- PATH\n  PATH  folder of an application of Next with the App Router';

const ours: Manifest = JSON.parse(readFileSync('package.json', 'utf8'));

/**
 * Adds the product, which is in the working directory, to an application.
 *
 * @returns what was done and what is left to do
 * @throws UsageError with everything that is in the way. Nothing was changed then
 */
export function addTo([folder = '', ...rest]: readonly string[]): string {
  if (folder === '' || rest.length > 0) throw new UsageError(usage);
  requireCleanTree(folder);
  const app = readApplication(folder, ours.dependencies?.next ?? '');
  const files = filesFor(app.appFolder);
  const taken = files.filter(({ to }) => existsSync(join(folder, to)));
  if (taken.length > 0)
    throw new UsageError(
      `Nothing was changed. These files exist already:\n${taken.map(({ to }) => to).join('\n')}`,
    );
  const { manifest, notes } = mergeManifest(app.manifest, ours, packagesOf(files.map(({ from }) => from)));

  for (const { from, to } of files) {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(from, join(folder, to));
  }
  const left = leftToNext(app, new Set(files.map(({ to }) => to)));
  write(app, 'server/custom/next-paths.ts', nextPathsSource(left));
  write(app, 'package.json', `${JSON.stringify(manifest, null, 2)}\n`);
  write(app, 'tsconfig.json', `${JSON.stringify(mergeTsconfig(app.tsconfig), null, 2)}\n`);
  write(app, app.configFile, mergeNextConfig(app.config));

  return [
    `added    ${files.length} files: server, client, and routes in ${app.appFolder}`,
    'changed  package.json: packages, scripts, imports',
    'changed  tsconfig.json: target, allowImportingTsExtensions',
    `changed  ${app.configFile}: withBff()`,
    ...app.routes.map((path) => `kept     ${path}: Next serves it, as before`),
    ...notes.map((note) => `note     ${note}`),
    ...app.actions.map(
      (file) =>
        `note     ${file} has Server Actions. Add the paths of the pages that call them to server/custom/next-paths.ts`,
    ),
    '\nNext: npm install && npm run build && npm start',
  ].join('\n');
}

/** @throws UsageError if the folder is a Git repository with changes: the commit before would not be the way back */
function requireCleanTree(folder: string): void {
  const { status, stdout } = spawnSync('git', ['status', '--porcelain'], { cwd: folder, encoding: 'utf8' });
  if (status === 0 && stdout.trim() !== '')
    throw new UsageError(`${folder} has changes that are not committed. Commit them first.`);
}

function write({ folder }: Application, file: string, text: string): void {
  writeFileSync(join(folder, file), text);
}

/** Returns the paths that Next serves: the application's own, and those of the product that the application lacks. */
function leftToNext({ routes, appFolder }: Application, placed: ReadonlySet<string>): string[] {
  const missing = productRoutes().filter((path) => !placed.has(join(appFolder, path, 'route.ts')));
  return [...new Set([...routes, ...missing])].sort();
}

function nextPathsSource(paths: readonly string[]): string {
  const current = readFileSync('server/custom/next-paths.ts', 'utf8');
  const list = paths.map((path) => `\n  '${path}',`).join('');
  return current.replace('[] = [];', `[] = [${list}\n];`);
}
