import { closeSync, openSync } from 'node:fs';

/** Whether there is a terminal that this process was started from and that is still open. */
export function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
