import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installPackages } from './debian.ts';

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
  installPackages(...packages);
  if (missing().length === 0) return;
  throw new Error(
    `The tests need ${missing().join(', ')}. Install them (Debian and Ubuntu: apt-get install ${packages.join(' ')}).`,
  );
}
