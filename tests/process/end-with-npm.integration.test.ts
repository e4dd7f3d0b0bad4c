import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { endWithNpm } from '#server/process/end-with-npm.ts';

vi.mock(import('node:fs'), async (importOriginal) => ({
  ...(await importOriginal()),
  readFileSync: vi.fn(),
}));

/** The processes of the system: their arguments, and the process id of their parent. */
let processes: Map<number, { args: string[]; parent: number }>;
let parent: number;
const kill = vi.fn<typeof process.kill>();
const { kill: realKill, ppid } = process;

const shell = 20;
const npm = 10;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  vi.stubEnv('npm_lifecycle_event', 'start');
  parent = shell;
  processes = new Map([[shell, { args: ['sh', '-c', 'node server/bin/launch.ts start'], parent: npm }]]);
  vi.mocked(readFileSync).mockImplementation((path) => {
    const [, pid, file] = /^\/proc\/(\d+)\/(cmdline|status)$/.exec(String(path)) ?? [];
    const found = processes.get(Number(pid));
    if (!found) throw new Error('ENOENT');
    if (file === 'cmdline') return `${found.args.join('\0')}\0`;
    return `Name:\tsh\nTPid:\t99\nPid:\t${pid}\nPPid:\t${found.parent}\nTracerPid:\t0\n`;
  });
  Object.defineProperty(process, 'ppid', { configurable: true, get: () => parent });
  kill.mockReset();
  process.kill = kill;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  process.kill = realKill;
  Object.defineProperty(process, 'ppid', { configurable: true, value: ppid });
});

const check = () => vi.advanceTimersByTime(limits.npmCheckInterval);

test('a process goes on while its shell and npm run', () => {
  endWithNpm();
  for (let count = 0; count < 3; count += 1) check();
  expect(kill).not.toHaveBeenCalled();
});

test('a process gets SIGTERM once, at the next check after npm has exited and left its shell behind', () => {
  endWithNpm();
  check();
  processes.set(shell, { args: ['sh', '-c', 'node server/bin/launch.ts start'], parent: 1 });
  vi.advanceTimersByTime(limits.npmCheckInterval - 1);
  expect(kill).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(kill.mock.calls).toEqual([[process.pid, 'SIGTERM']]);
  check();
  expect(kill).toHaveBeenCalledTimes(1);
});

test('a process gets SIGTERM if its shell has exited, too', () => {
  endWithNpm();
  parent = 1;
  check();
  expect(kill.mock.calls).toEqual([[process.pid, 'SIGTERM']]);
});

test('a process whose shell has replaced itself by the script gets SIGTERM when npm has exited', () => {
  parent = npm;
  processes.set(npm, { args: ['node', '/usr/bin/npm', 'start'], parent: 5 });
  endWithNpm();
  processes.set(npm, { args: ['node', '/usr/bin/npm', 'start'], parent: 1 });
  check();
  expect(kill).not.toHaveBeenCalled();
  parent = 1;
  check();
  expect(kill).toHaveBeenCalledTimes(1);
});

test('without /proc a process gets SIGTERM when its parent has exited', () => {
  processes.clear();
  endWithNpm();
  check();
  expect(kill).not.toHaveBeenCalled();
  parent = 1;
  check();
  expect(kill).toHaveBeenCalledTimes(1);
});

test('a process that npm did not start does not depend on its parent', () => {
  vi.stubEnv('npm_lifecycle_event', undefined);
  endWithNpm();
  parent = 1;
  check();
  expect(vi.getTimerCount()).toBe(0);
  expect(kill).not.toHaveBeenCalled();
});

test('the checks do not keep a process running', () => {
  vi.useRealTimers();
  const unref = vi.fn();
  const timers = vi.spyOn(globalThis, 'setInterval').mockImplementation((...given) => {
    const timer = setTimeout(given[0], 0);
    clearTimeout(timer);
    return Object.assign(timer, { unref });
  });
  endWithNpm();
  timers.mockRestore();
  expect(unref).toHaveBeenCalled();
});
