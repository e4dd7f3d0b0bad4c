import { UsageError } from '../operator-command.ts';
import { exportPattern, type Manifest, type TypeScriptConfig } from './application.ts';

/** Scripts of create-next-app that the product replaces. */
const replacedScripts: Readonly<Record<string, string>> = { build: 'next build', start: 'next start' };
/** Scripts of the product that need none of its tests. */
const addedScripts = [
  'key',
  'backup',
  'restore',
  'sqlite-to-postgres',
  'mail',
  'jobs',
  'files',
  'users',
  'contract',
];
/** Packages whose versions must be those of the product. */
const sharedPackages = ['next', 'react', 'react-dom', '@types/node', '@types/react', '@types/react-dom'];

const sorted = <T>(record: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * Adds the packages, scripts and imports of the product to those of an application.
 *
 * @param used packages that the code of the product imports
 * @returns the manifest, and what the team must know
 */
export function mergeManifest(
  theirs: Manifest,
  ours: Manifest,
  used: ReadonlySet<string>,
): { manifest: Manifest; notes: string[] } {
  const notes: string[] = [];
  const versions: Record<string, string> = { ...ours.devDependencies, ...ours.dependencies };
  const versionOf = (name: string) => versions[name] ?? typeVersions(ours)[name];
  const dependencies = { ...theirs.dependencies };
  const devDependencies = { ...theirs.devDependencies };
  const needed = [...used].filter((each) => ours.dependencies?.[each] !== undefined);
  for (const name of needed) if (!(name in devDependencies)) dependencies[name] ??= versionOf(name) ?? '';
  // `next dev` formats its log with pino-pretty.
  if (used.has('pino-pretty')) devDependencies['pino-pretty'] ??= versionOf('pino-pretty') ?? '';
  for (const name of [...used].map((each) => `@types/${each.replace(/^@/, '').replace('/', '__')}`)) {
    const version = versionOf(name);
    if (version !== undefined && !(name in dependencies)) devDependencies[name] ??= version;
  }
  for (const name of new Set([...sharedPackages, ...needed])) {
    const version = versionOf(name);
    const list = [dependencies, devDependencies].find((each) => name in each);
    if (!list || version === undefined || list[name] === version) continue;
    notes.push(`${name} is now ${version}, which the product is tested with; it was ${list[name]}.`);
    list[name] = version;
  }

  const scripts = { ...theirs.scripts };
  for (const name of [...Object.keys(replacedScripts), ...addedScripts]) {
    const line = ours.scripts?.[name];
    if (line === undefined) continue;
    const isFree = scripts[name] === undefined || scripts[name] === replacedScripts[name];
    if (!isFree) notes.push(`The script "${name}" stays as it is; "bff:${name}" is that of the product.`);
    scripts[isFree ? name : `bff:${name}`] = line;
  }
  if (theirs.type === 'commonjs') throw new UsageError('package.json has "type": "commonjs".');
  const imports = { ...theirs.imports, '#client/*': './client/*', '#server/*': './server/*' };
  const merged = {
    ...theirs,
    type: 'module',
    imports,
    scripts,
    dependencies: sorted(dependencies),
    devDependencies: sorted(devDependencies),
  };
  return { manifest: merged, notes };
}

/** The types are optional packages of the product. */
function typeVersions(ours: Manifest): Record<string, string> {
  const { optionalDependencies } = ours;
  return typeof optionalDependencies === 'object' && optionalDependencies !== null
    ? Object.fromEntries(
        Object.entries(optionalDependencies).map(([name, version]) => [name, String(version)]),
      )
    : {};
}

const libraries = ['dom', 'dom.iterable', 'dom.asynciterable', 'esnext'];

/** Adds what the product's code needs: names of files with their ending, and the language of Node 22. */
export function mergeTsconfig(tsconfig: TypeScriptConfig): TypeScriptConfig {
  return {
    ...tsconfig,
    compilerOptions: {
      ...tsconfig.compilerOptions,
      target: 'ES2024',
      lib: [...new Set([...(tsconfig.compilerOptions?.lib ?? []), ...libraries])],
      allowImportingTsExtensions: true,
      noEmit: true,
    },
  };
}

/** Wraps the exported configuration of Next. */
export function mergeNextConfig(config: string): string {
  const wrapped = config.replace(exportPattern, (_, name: string) => `export default withBff(${name});`);
  return `import { withBff } from './server/next/with-bff.ts';\n${wrapped}`;
}
