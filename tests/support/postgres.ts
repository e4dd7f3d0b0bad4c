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
  /** For DATABASE_URL: a database of its own, empty. */
  database(): Promise<string>;
  /** Freezes every process of it: connections stay open and nothing is answered. */
  pause(): void;
  resume(): void;
  /** Ends it at once, as a crash does. What was committed stays. */
  stop(): Promise<void>;
  /** Starts it again on the same port, with what it held. */
  start(): Promise<void>;
  close(): Promise<void>;
};

/** The folder of PostgreSQL's programs, see requirePath(). */
export const requirePostgres = () => requirePath('postgres');

/** PostgreSQL refuses to run as root; Debian's package makes a user for it. */
function account(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres']).stdout.toString());
  return { uid: id('-u'), gid: id('-g') };
}

/** Starts a real PostgreSQL on a free port of loopback, in a folder of its own. */
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
  let made = 0;
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
      ],
      // In a group of its own, so that all its processes can be frozen together.
      { ...user, stdio: 'ignore', cwd: folder, detached: true },
    );
    await untilItAnswers(urlOf('postgres'), child);
  }

  /** To the postmaster and, by its group, to the processes of the connections. */
  function signal(name: NodeJS.Signals): void {
    const pid = child?.pid;
    if (pid === undefined) return;
    // Each backend leads a group of its own, so the group's signal does not reach it.
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
    // Immediate shutdown: as a crash, but without processes left behind.
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
      made += 1;
      const name = `test_${made}`;
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
  // A server that is starting or stopping may break off between two statements; the next one says so.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

async function untilItAnswers(url: string, child: ChildProcess): Promise<void> {
  const giveUpAt = Date.now() + 20_000;
  for (;;) {
    try {
      return await query(url, 'select 1');
    } catch (cause) {
      if (child.exitCode !== null) throw new Error(`postgres ended with ${child.exitCode}`, { cause });
      if (Date.now() > giveUpAt) throw new Error('postgres did not answer within 20 seconds', { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** One that has ended by itself meanwhile needs no signal. */
function signalBackend(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
