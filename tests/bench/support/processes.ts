import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks per second in /proc: 100 on every Linux that Node runs on (sysconf _SC_CLK_TCK). */
const ticksPerSecond = 100;

/** The ids of a process and its living descendants. */
function treeOf(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const parent = statOf(Number(name))?.[1];
      return parent === undefined ? [] : [{ pid: Number(name), parent: Number(parent) }];
    });
  const tree = [root];
  for (const pid of tree)
    tree.push(...parents.filter(({ parent }) => parent === pid).map((each) => each.pid));
  return tree;
}

/** The fields of /proc/PID/stat from the third on (state, parent, …); the name before them may contain any character. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    // The process has exited.
    return undefined;
  }
}

/** Seconds of processor time of a process tree, in user and system mode, including exited children. */
export function processorSeconds(root: number): number {
  const ticks = treeOf(root).map((pid) => {
    // Fields 14 to 17 of the whole line: utime, stime, cutime, cstime.
    const fields = statOf(pid)?.slice(11, 15) ?? [];
    return fields.reduce((sum, field) => sum + Number(field), 0);
  });
  return ticks.reduce((sum, each) => sum + each, 0) / ticksPerSecond;
}

/** Resident memory of a process tree, in megabytes of 1,000,000 bytes. */
export function residentMegabytes(root: number): number {
  const kilobytes = treeOf(root).map((pid) => {
    try {
      return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  return (kilobytes.reduce((sum, each) => sum + each, 0) * 1024) / 1e6;
}
