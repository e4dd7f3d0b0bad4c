import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A control group with little memory. The kernel kills a process in it that needs more. */
export type SmallMemory = {
  /** A launcher for `startProduct`, which runs the product in the group. */
  launcher: readonly string[];
  /** Returns the ids of the processes in the group. */
  processes(): number[];
  /** Returns the number of processes that the kernel has killed. */
  killed(): number;
  /** Removes the group. Its processes must have ended. */
  close(): void;
};

type Files = { root: string; limit: string; events: string };

/** The files of version 1 and of version 2. */
const versions: readonly Files[] = [
  { root: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', events: 'memory.oom_control' },
  { root: '/sys/fs/cgroup', limit: 'memory.max', events: 'memory.events' },
];

/** Returns whether root may limit memory here: in most containers it may not. */
export function canLimitMemory(): boolean {
  try {
    createSmallMemory(64).close();
    return true;
  } catch {
    return false;
  }
}

/**
 * Creates a control group with a limit of memory.
 *
 * @throws Error if the process does not run as root on Linux, or may not create groups
 */
export function createSmallMemory(megabytes: number): SmallMemory {
  const version = versions.find(({ root }) => existsSync(root));
  if (!version) throw new Error('This test limits the memory of processes: run it as root on Linux.');
  const path = join(version.root, `typed-bff-${process.pid}`);
  const processList = join(path, 'cgroup.procs');
  const close = () => rmdirSync(path);
  mkdirSync(path);
  try {
    writeFileSync(join(path, version.limit), `${megabytes}M`, { flag: 'r+' });
  } catch (error) {
    close();
    throw error;
  }
  return {
    launcher: ['sh', '-c', `echo $$ > ${processList}; exec "$0" "$@"`],
    processes: () => readFileSync(processList, 'utf8').split('\n').filter(Boolean).map(Number),
    killed() {
      const events = readFileSync(join(path, version.events), 'utf8');
      return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
    },
    close,
  };
}
