import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Returns whether packages can be installed: as root on Debian or one of its derivatives. */
export function canInstallPackages(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
}

/** Installs packages as root on Debian. Elsewhere it does nothing, and the caller reports the missing tools. */
export function installPackages(...packages: string[]): void {
  if (packages.length === 0 || !canInstallPackages()) return;
  // Several test files may run this at the same time: later ones wait for the lock.
  const apt = (...args: string[]) =>
    spawnSync('apt-get', ['--option', 'DPkg::Lock::Timeout=120', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  apt('update');
  apt('install', '--yes', '--no-install-recommends', ...packages);
}
