import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * Installs packages where that can be done: as root on Debian and what comes of it. Elsewhere it does nothing, and
 * who needs them says so.
 */
export function installPackages(...packages: string[]): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  // Several test files may come here at once: the later ones wait for the first.
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['--option', 'DPkg::Lock::Timeout=120', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  apt('update');
  apt('install', '--yes', '--no-install-recommends', ...packages);
}

/**
 * What `find` finds, such as the path of a program. As root on Debian its package is installed when it is missing.
 *
 * @param missing what the tests need, and how it is given to them, for whoever has to do so
 * @throws Error that says what to install
 */
export function requireInstalled(
  find: () => string | undefined,
  packageName: string,
  missing: string,
): string {
  const found = find();
  if (found) return found;
  installPackages(packageName);
  const installed = find();
  if (installed) return installed;
  throw new Error(`${missing} (Debian and Ubuntu: apt-get install ${packageName})`);
}
