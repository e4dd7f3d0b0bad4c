import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, dirname, join, matchesGlob } from 'node:path';
import type { Instruction, Stage } from './dockerfile.ts';

export type LaidImage = {
  /** The folder that stands for the image's root. */
  root: string;
  workdir: string;
  env: Record<string, string>;
  /** What the image's processes run as. */
  user: { uid: number; gid: number };
};

/** What a build of the image sees of this checkout: what Git would keep of it, but for what .dockerignore names. */
export function contextFiles(): string[] {
  const patterns = readFileSync('.dockerignore', 'utf8').split('\n').filter(Boolean);
  const special = patterns.filter((pattern) => /[/!]/.test(pattern));
  if (special.length > 0) throw new Error(`Only names at the top are known here, not ${special.join(', ')}`);
  const { stdout } = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z']);
  return stdout
    .toString()
    .split('\0')
    .filter((file) => file !== '' && existsSync(file))
    .filter((file) => !patterns.some((pattern) => matchesGlob(file.split('/', 1).join(), pattern)));
}

/**
 * Does what a Dockerfile says without a container: each stage is a folder, in which its files are laid and its commands
 * run.
 *
 * @param made what commands would make that have been run here already: they are not run again, the folder is copied
 */
export function layImage(
  stages: readonly Stage[],
  options: { folder: string; made: Record<string, string> },
): LaidImage {
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
    for (const step of stage.steps) takeStep(step, { image, laid, stages, made: options.made });
  }
  const last = laid.get(stages.at(-1)?.name ?? '');
  if (!last) throw new Error('There is no stage.');
  return last;
}

type Place = {
  image: LaidImage;
  laid: ReadonlyMap<string, LaidImage>;
  stages: readonly Stage[];
  made: Record<string, string>;
};

function takeStep(step: Instruction, place: Place): void {
  const { image } = place;
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
      copy(step, place);
      break;
    case 'RUN':
      run(step, place);
      break;
  }
}

/** Where the tests do not run as root, they can be nobody but themselves. */
function accountOf(text: string): LaidImage['user'] {
  const [uid = 0, gid = 0] = text.split(':').map(Number);
  const { getuid, getgid } = process;
  return getuid && getgid && getuid() !== 0 ? { uid: getuid(), gid: getgid() } : { uid, gid };
}

function copy(step: Instruction, { image, laid }: Place): void {
  const names = step.text.split(' ');
  const target = names.pop() ?? '';
  const folder = join(image.root, image.workdir);
  const from = step.flags.from;
  for (const name of names) {
    const to = target.endsWith('/') ? join(folder, target, basename(name)) : join(folder, target);
    if (from !== undefined) {
      const source = laid.get(from);
      if (!source) throw new Error(`There is no stage ${from}`);
      // Moved, which is quicker: thousands of files, and no other stage asks for them.
      renameSync(join(source.root, name), to);
    } else {
      copyContext(name, to);
    }
  }
}

function copyContext(name: string, to: string): void {
  const files = contextFiles().filter((file) => name === '.' || file === name || file.startsWith(`${name}/`));
  if (files.length === 0) throw new Error(`${name} is not in what the image is made from`);
  for (const file of files) {
    const inside = name === '.' ? file : file.slice(name.length);
    mkdirSync(dirname(join(to, inside)), { recursive: true });
    cpSync(file, join(to, inside));
  }
}

function run(step: Instruction, { image, made, stages }: Place): void {
  const cwd = join(image.root, image.workdir);
  if (image.root.endsWith('/build') && step.text in made) {
    const folder = made[step.text];
    if (folder) cpSync(folder, join(cwd, folder), { recursive: true, verbatimSymlinks: true });
    return;
  }
  const { status, stderr } = spawnSync('sh', ['-c', mapped(step.text, image.root, stages)], {
    cwd,
    env: { ...process.env, ...image.env, npm_config_prefer_offline: 'true', npm_config_loglevel: 'error' },
  });
  if (status !== 0) throw new Error(`${step.text} ended with ${status}:\n${stderr}`);
}

/** Paths of the image lie below a folder here, and its user may be another one. */
function mapped(command: string, root: string, stages: readonly Stage[]): string {
  const user = stages.at(-1)?.steps.find(({ name }) => name === 'USER')?.text ?? '0:0';
  const [uid = '0', gid = '0'] = user.split(':');
  const here = accountOf(user);
  return command
    .replaceAll(' /data', ` ${join(root, 'data')}`)
    .replaceAll(`-o ${uid} -g ${gid}`, `-o ${here.uid} -g ${here.gid}`);
}
