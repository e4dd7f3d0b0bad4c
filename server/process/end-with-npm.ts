import { readFileSync } from 'node:fs';
import { limits } from '../config/limits.ts';

/**
 * Sends SIGTERM to this process once the npm that started it has exited. npm runs a script in a shell, which passes no
 * signals on: after `kill` of npm, the script would go on without it.
 */
export function endWithNpm(): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const shell = process.ppid;
  const npm = parentOfShell(shell);
  const timer = setInterval(() => {
    if (process.ppid === shell && parentOfShell(shell) === npm) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, limits.npmCheckInterval);
  timer.unref();
}

/**
 * Returns the process id of a shell's parent, or undefined if the process is no shell: some shells replace themselves
 * by the script. Also undefined outside of Linux.
 */
function parentOfShell(pid: number): number | undefined {
  try {
    const [, option] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (option !== '-c') return undefined;
    const status = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return status ? Number(status[1]) : undefined;
  } catch {
    return undefined;
  }
}
