import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const programs = [
  'newsboat',
  'sfeed',
  'sfeed_update',
  'sfeed_plain',
  'sfeed_web',
  'curl',
  'openssl',
  'xmllint',
];
const packages = ['newsboat', 'sfeed', 'curl', 'openssl', 'libxml2-utils'];

function missing(): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
}

/**
 * Sees to it that feed readers and an XML parser are there. As root on Debian they are installed when they are
 * missing.
 *
 * @throws Error that says what to install
 */
export function requireFeedReaders(): void {
  if (missing().length === 0) return;
  if (process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    // Several test files may come here at once: the later ones wait for the first.
    const apt = (...args: string[]) =>
      spawnSync('apt-get', ['--option', 'DPkg::Lock::Timeout=120', ...args], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    apt('update');
    apt('install', '--yes', '--no-install-recommends', ...packages);
    if (missing().length === 0) return;
  }
  throw new Error(
    `The tests need ${missing().join(', ')}. Install them (Debian and Ubuntu: apt-get install ${packages.join(' ')}).`,
  );
}
