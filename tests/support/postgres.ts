import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
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
  /** Starts the server again on the same port with the same data. */
  start(): Promise<void>;
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

/** Starts a real PostgreSQL on a free loopback port, in a folder of its own. */
export async function startPostgres(): Promise<PostgresServer> {
  const programs = requirePostgres();
  const user = account();
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'typed-bff-postgres-'));
  if (user) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const init = spawnSync(
    join(programs, 'initdb'),
    [
      '--pgdata',
      data,
      '--username',
      'bff',
      '--auth',
      'trust',
      '--no-sync',
      '--encoding',
      'UTF8',
      '--locale',
      'C',
    ],
    { ...user, stdio: ['ignore', 'ignore', 'pipe'], cwd: folder },
  );
  if (init.status !== 0) throw new Error(`initdb failed: ${init.stderr.toString()}`);

  let child: ChildProcess | undefined;
  let databases = 0;
  const urlOf = (name: string) => `postgres://bff@127.0.0.1:${port}/${name}`;

  async function start(): Promise<void> {
    if (child) return;
    child = spawn(
      join(programs, 'postgres'),
      [
        '-D',
        data,
        '-p',
        String(port),
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        `unix_socket_directories=${folder}`,
        // The server may crash, the machine does not.
        '-c',
        'fsync=off',
      ],
      // In a process group of its own, apart from that of the tests.
      { ...user, stdio: 'ignore', cwd: folder, detached: true },
    );
    await untilReady(urlOf('postgres'), child);
  }

  /** Sends a signal to the postmaster and to its backend processes. */
  function signal(name: NodeJS.Signals): void {
    const pid = child?.pid;
    if (pid === undefined) return;
    // Each backend leads a process group of its own, so a signal to the postmaster's group does not reach it.
    // POSIX options only: macOS has no --ppid.
    const children = spawnSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid='], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number))
      .flatMap(([child, parent]) => (child !== undefined && parent === pid ? [child] : []));
    process.kill(pid, name);
    for (const each of children) signalBackend(each, name);
  }

  async function stop(): Promise<void> {
    const running = child;
    if (!running) return;
    signal('SIGCONT');
    const ended = once(running, 'exit');
    // Immediate shutdown: like a crash, but no process is left behind.
    running.kill('SIGQUIT');
    await ended;
    child = undefined;
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
