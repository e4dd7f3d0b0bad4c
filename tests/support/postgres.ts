import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './product.ts';
import { requirePath } from './requirements.ts';

export type PostgresServer = {
  /** Creates an empty database. @returns its URL for DATABASE_URL */
  database(): Promise<string>;
  /** Freezes all server processes: connections stay open and get no response. */
  pause(): void;
  resume(): void;
  /** Stops the server at once, as a crash does. Committed data is kept. */
  stop(): Promise<void>;
  /** Starts the server again on the same port with the same data, optionally with more settings. */
  start(settings?: readonly string[]): Promise<void>;
  /** Ends the recovery of a replica. */
  promote(): Promise<void>;
  port: number;
  close(): Promise<void>;
};

/** Returns the folder of PostgreSQL's programs, see requirePath(). */
export const requirePostgres = () => requirePath('postgres');

/** PostgreSQL does not run as root; Debian's package creates a user for it. */
function account(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres']).stdout.toString());
  return { uid: id('-u'), gid: id('-g') };
}

export type PostgresOptions = {
  /** Folder for the data, such as a small disk. The server then syncs it. */
  dataIn?: string;
  /** True if the write-ahead log is elsewhere: without space for it, the server ends. */
  logElsewhere?: boolean;
  /** Settings for the command line, such as `synchronous_standby_names=*`. */
  settings?: readonly string[];
};

/** Starts a real PostgreSQL on a free loopback port, in a folder of its own. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'typed-bff-postgres-'));
  const data = join(options.dataIn ?? folder, 'data');
  const login = ['--username', 'bff', '--auth', 'trust'];
  const format = ['--encoding', 'UTF8', '--locale', 'C'];
  const sync = options.dataIn === undefined ? ['--no-sync'] : [];
  const log = options.logElsewhere ? ['--waldir', join(folder, 'log')] : [];
  ownedByServer(folder, options.dataIn ?? folder);
  runProgram('initdb', ['--pgdata', data, ...login, ...format, ...sync, ...log], folder);
  return run(folder, data, options);
}

/** Starts a replica of a running server, with the same data. Its `promote` makes it a server that can be written. */
export async function startStandby(
  primaryUrl: string,
  options: PostgresOptions = {},
): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'typed-bff-postgres-'));
  const data = join(folder, 'data');
  ownedByServer(folder);
  const source = ['--dbname', primaryUrl, '--checkpoint', 'fast', '--no-sync', '--write-recovery-conf'];
  runProgram('pg_basebackup', ['--pgdata', data, ...source], folder);
  return run(folder, data, options);
}

function ownedByServer(...folders: string[]): void {
  const user = account();
  if (user) for (const folder of folders) chownSync(folder, user.uid, user.gid);
}

/** @throws Error with the program's message */
function runProgram(name: string, args: readonly string[], folder: string): void {
  const program = join(requirePostgres(), name);
  const stdio = ['ignore', 'ignore', 'pipe'] satisfies StdioOptions;
  const { status, stderr } = spawnSync(program, args, { ...account(), stdio, cwd: folder });
  if (status !== 0) throw new Error(`${name} failed: ${stderr.toString()}`);
}

async function run(
  folder: string,
  data: string,
  { settings = [], dataIn }: PostgresOptions,
): Promise<PostgresServer> {
  const user = account();
  const port = await freePort();
  let child: ChildProcess | undefined;
  let databases = 0;
  const urlOf = (name: string) => `postgres://bff@127.0.0.1:${port}/${name}`;

  async function start(moreSettings: readonly string[] = []): Promise<void> {
    if (child) return;
    const all = [
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${folder}`,
      // The server may crash, the machine does not.
      `fsync=${dataIn === undefined ? 'off' : 'on'}`,
      ...settings,
      ...moreSettings,
    ];
    child = spawn(
      join(requirePostgres(), 'postgres'),
      ['-D', data, '-p', String(port), ...all.flatMap((setting) => ['-c', setting])],
      // In a process group of its own, apart from that of the tests.
      { ...user, stdio: 'ignore', cwd: folder, detached: true },
    );
    await untilReady(urlOf('postgres'), child);
  }

  /** Sends a signal to the postmaster and to its backend processes. */
  function signal(name: NodeJS.Signals, running = child): void {
    const pid = running?.pid;
    if (pid === undefined) return;
    // Each backend leads a process group of its own, so a signal to the postmaster's group does not reach it.
    // POSIX options only: macOS has no --ppid.
    const children = spawnSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid='], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .flatMap(([child, parent]) => (child !== undefined && parent === pid ? [child] : []));
    running?.kill(name);
    for (const each of children) signalBackend(each, name);
  }

  async function stop(): Promise<void> {
    const running = child;
    child = undefined;
    // It may have ended by itself, on a disk that fails.
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    signal('SIGCONT', running);
    const ended = once(running, 'exit');
    // Immediate shutdown: like a crash, but no process is left behind.
    running.kill('SIGQUIT');
    await ended;
  }

  async function close(): Promise<void> {
    await stop();
    await rm(folder, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async database() {
      databases += 1;
      const name = `test_${databases}`;
      await query(urlOf('postgres'), `create database ${name}`);
      return urlOf(name);
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    stop,
    start,
    promote: () => query(urlOf('postgres'), 'select pg_promote()'),
    port,
    close,
  };
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  // A server that starts or stops may close the connection between two statements; the next statement then fails.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await query(url, 'select 1');
    } catch (cause) {
      if (child.exitCode !== null) throw new Error(`postgres exited with ${child.exitCode}`, { cause });
      if (Date.now() > deadline) throw new Error('postgres was not ready within 20 seconds', { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Sends a signal to a backend; ignores one that has already exited. */
function signalBackend(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
