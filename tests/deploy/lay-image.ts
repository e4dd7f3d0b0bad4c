import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, dirname, join, matchesGlob } from 'node:path';
import type { Instruction, Stage } from './dockerfile.ts';

export type LaidImage = {
  /** The folder that represents the root of the image. */
  root: string;
  workdir: string;
  env: Record<string, string>;
  /** The user that runs the processes of the image. */
  user: { uid: number; gid: number };
};

/** Returns the build context: all files that Git does not ignore, without those in .dockerignore. */
export function contextFiles(): string[] {
  const patterns = readFileSync('.dockerignore', 'utf8').split('\n').filter(Boolean);
  const special = patterns.filter((pattern) => /[/!]/.test(pattern));
  if (special.length > 0) throw new Error(`only top-level names are supported, not ${special.join(', ')}`);
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z']);
  return stdout
    .toString()
    .split('\0')
    .filter((file) => file !== '' && existsSync(file))
    .filter((file) => !patterns.some((pattern) => matchesGlob(file.split('/', 1).join(), pattern)));
}

/** Folders that commands produce: `from` in this checkout, `to` in the image. */
type Results = Readonly<Record<string, { from: string; to: string } | undefined>>;

/**
 * Executes a Dockerfile without a container: each stage is a folder with the stage's files, in which its commands run.
 *
 * @param results commands that have already run in this checkout, with a copy of the folder that they produce, if any:
 * it is copied instead of running the command again
 */
export function layImage(stages: readonly Stage[], options: { folder: string; results: Results }): LaidImage {
  const laid = new Map<string, LaidImage>();
  for (const stage of stages) {
    const base = laid.get(stage.from);
    const root = join(options.folder, stage.name);
    mkdirSync(root);
    const image: LaidImage = {
      root,
      workdir: base?.workdir ?? '/',
      env: { ...base?.env },
      user: { uid: 0, gid: 0 },
    };
    laid.set(stage.name, image);
    mkdirSync(join(root, image.workdir), { recursive: true });
    for (const step of stage.steps) execute(step, { image, laid, stages, results: options.results });
  }
  const last = laid.get(stages.at(-1)?.name ?? '');
  if (!last) throw new Error('the Dockerfile has no stage');
  return last;
}

type BuildState = {
  image: LaidImage;
  laid: ReadonlyMap<string, LaidImage>;
  stages: readonly Stage[];
  results: Results;
};

function execute(step: Instruction, state: BuildState): void {
  const { image } = state;
  switch (step.name) {
    case 'WORKDIR':
      image.workdir = step.text;
      mkdirSync(join(image.root, image.workdir), { recursive: true });
      break;
    case 'ENV': {
      const [name = '', value = ''] = step.text.split('=', 2);
      image.env[name] = value;
      break;
    }
    case 'USER':
      image.user = accountOf(step.text);
      break;
    case 'COPY':
      copy(step, state);
      break;
    case 'RUN':
      run(step, state);
      break;
  }
}

/** Returns the user of a USER instruction, or the current user if the tests do not run as root. */
function accountOf(text: string): LaidImage['user'] {
  const [uid = 0, gid = 0] = text.split(':').map(Number);
  const { getuid, getgid } = process;
  return getuid && getgid && getuid() !== 0 ? { uid: getuid(), gid: getgid() } : { uid, gid };
}

function copy(step: Instruction, { image, laid }: BuildState): void {
  const names = step.text.split(' ');
  const target = names.pop() ?? '';
  const folder = join(image.root, image.workdir);
  const from = step.flags.from;
  for (const name of names) {
    const to = target.endsWith('/') ? join(folder, target, basename(name)) : join(folder, target);
    if (from !== undefined) {
      const source = laid.get(from);
      if (!source) throw new Error(`the Dockerfile has no stage ${from}`);
      // Moving thousands of files is faster than copying them, and no other stage needs them.
      renameSync(join(source.root, name), to);
    } else {
      copyContext(name, to);
    }
  }
}

function copyContext(name: string, to: string): void {
  const files = contextFiles().filter((file) => name === '.' || file === name || file.startsWith(`${name}/`));
  if (files.length === 0) throw new Error(`${name} is not in the build context`);
  for (const file of files) {
    const inside = name === '.' ? file : file.slice(name.length);
    mkdirSync(dirname(join(to, inside)), { recursive: true });
    cpSync(file, join(to, inside));
  }
}

function run(step: Instruction, { image, results, stages }: BuildState): void {
  const cwd = join(image.root, image.workdir);
  if (image.root.endsWith('/build') && step.text in results) {
    const result = results[step.text];
    if (result) cpSync(result.from, join(cwd, result.to), { recursive: true, verbatimSymlinks: true });
    return;
  }
  const { status, stderr } = spawnSync('sh', ['-c', mapped(step.text, image.root, stages)], {
    cwd,
    env: { ...process.env, ...image.env, npm_config_prefer_offline: 'true', npm_config_loglevel: 'error' },
  });
  if (status !== 0) throw new Error(`${step.text} exited with ${status}:\n${stderr}`);
}

/** Rewrites the absolute paths and the user in a command to those of the folder. */
function mapped(command: string, root: string, stages: readonly Stage[]): string {
  const user = stages.at(-1)?.steps.find(({ name }) => name === 'USER')?.text ?? '0:0';
  const [uid = '0', gid = '0'] = user.split(':');
  const account = accountOf(user);
  return command
    .replaceAll(' /data', ` ${join(root, 'data')}`)
    .replaceAll(`-o ${uid} -g ${gid}`, `-o ${account.uid} -g ${account.gid}`);
}
