import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { buildFolder } from '#server/process/build-folder.ts';
import { freePort, untilStarted } from '#tests/support/product.ts';
import { describeWith, testWith } from '#tests/support/skip.ts';
import { startArguments } from '#tests/support/start-command.ts';
import { startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';
import { only, readDockerfile, type Stage } from './dockerfile.ts';
import { contextFiles, type LaidImage, layImage } from './lay-image.ts';

const stages = readDockerfile(readFileSync('Dockerfile', 'utf8'));
const megabyte = 1024 * 1024;

function stage(name: string): Stage {
  const found = stages.find((each) => each.name === name);
  if (!found) throw new Error(`the Dockerfile has no stage ${name}`);
  return found;
}

const final = stage('final');
const wordsOf = (name: string): string[] => [...(only(final, name).words ?? [])];

/** Returns the files of a folder with their mode, owner, size and modification time. */
function snapshot(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      const { mode, uid, size, mtimeMs } = lstatSync(path);
      return [path, `${mode} ${uid} ${size} ${mtimeMs}`];
    }),
  );
}

test("the image runs the command of npm start without npm, on the project's Node version", () => {
  expect(wordsOf('CMD')).toEqual([
    'node',
    ...startArguments().filter((argument) => argument !== '--conditions=fixtures'),
  ]);
  const version = readFileSync('.nvmrc', 'utf8').trim();
  expect(stage('base').from).toBe(`node:${version}-trixie-slim`);
  expect(process.version).toBe(`v${version}`);
});

testWith('git')('the build context has all tracked files except tests, documentation and tools', () => {
  const context = contextFiles();
  for (const { parentPath, name } of globSync('{app,client,server,content,public}/**', {
    withFileTypes: true,
  })) {
    const file = join(parentPath, name);
    if (lstatSync(file).isFile()) expect(context).toContain(file);
  }
  for (const file of globSync('*.{json,mjs,ts}', {
    exclude: ['biome.json', 'next-env.d.ts', 'vitest.config.ts'],
  })) {
    expect(context).toContain(file);
  }
  expect(context.filter((file) => /^(tests|docs|node_modules|\.next|\.git|\.env)/.test(file))).toEqual([]);
});

describeWith('git', 'setpriv')('laid out in a folder and started as an unprivileged user', () => {
  let folder: string;
  let image: LaidImage;
  let upstreams: Upstreams;
  let port: string;
  const workers = 2;

  beforeAll(async () => {
    upstreams = await startUpstreams();
    folder = mkdtempSync(join(tmpdir(), 'typed-bff-image-'));
    chmodSync(folder, 0o755);
    // The test command has just run these two in a clean checkout, so their results are reused. The fixtures in the build
    // are not served: the image runs without the condition.
    const built = { from: buildFolder, to: '.next' };
    image = layImage(stages, { folder, results: { 'npm ci': undefined, 'npm run build': built } });
    // As in the base image: the image's user may be unable to reach the checkout, where this process's Node is.
    mkdirSync(join(image.root, 'usr/local/bin'), { recursive: true });
    copyFileSync(process.execPath, join(image.root, 'usr/local/bin/node'));
    if (process.getuid?.() !== 0) spawnSync('chmod', ['-R', 'a-w', join(image.root, 'app')]);
    // Otherwise the first transaction of the database waits until hundreds of megabytes are on disk.
    spawnSync('sync', ['-f', folder]);
  }, 240_000);
  afterAll(async () => {
    if (process.getuid?.() !== 0) spawnSync('chmod', ['-R', 'u+w', folder]);
    await upstreams.close();
    await rm(folder, { recursive: true, force: true });
  }, 120_000);

  /** Returns the command and its arguments, run as the image's user if the tests run as root. */
  function asUser(words: readonly string[]): [string, string[]] {
    const { uid, gid } = image.user;
    const change = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups', '--no-new-privs'];
    const all = process.getuid?.() === 0 ? ['setpriv', ...change, ...words] : words;
    return [all[0] ?? '', all.slice(1)];
  }

  const options = () => ({
    cwd: join(image.root, image.workdir),
    env: {
      NODE_ENV: 'test' as const,
      ...image.env,
      ...upstreams.env,
      PATH: `${join(image.root, 'usr/local/bin')}:/usr/bin:/bin`,
      DATA_DIR: join(image.root, image.env.DATA_DIR ?? ''),
      // Writes to these folders fail.
      HOME: image.root,
      TMPDIR: image.root,
      PORT: port,
      WEB_CONCURRENCY: String(workers),
    },
  });

  function healthcheck(): number | null {
    const [command, args] = asUser(wordsOf('HEALTHCHECK'));
    return spawnSync(command, args, options()).status;
  }

  test('the image is small, and its user can read all files but write only to the data folder', () => {
    const app = [...snapshot(join(image.root, 'app')).keys()].map((path) => ({
      path,
      stats: lstatSync(path),
    }));
    expect(app.filter(({ path }) => path.includes('/.next/cache/modules/')).length).toBeGreaterThan(500);
    expect(app.reduce((sum, { stats }) => sum + stats.size, 0) / megabyte).toBeLessThan(400);
    const files = app.filter(({ stats }) => !stats.isSymbolicLink());
    expect(files.filter(({ stats }) => (stats.mode & 0o004) === 0)).toEqual([]);
    expect(files.filter(({ stats }) => (stats.mode & 0o002) !== 0)).toEqual([]);
    expect(image.user.uid).not.toBe(0);
    expect(lstatSync(join(image.root, 'data'))).toMatchObject(image.user);
  });

  test('the image serves, is healthy, writes only data, and exits with 0 on its stop signal', async () => {
    const before = snapshot(join(image.root, 'app'));
    port = String(await freePort());
    expect(healthcheck()).toBe(1);

    const [command, args] = asUser(wordsOf('CMD'));
    const child = spawn(command, args, { ...options(), stdio: ['ignore', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (output += String(chunk)));
    const baseUrl = `http://localhost:${port}`;
    await untilStarted(baseUrl, child, workers).catch((cause: unknown) => {
      throw new Error(`the image did not start:\n${output}`, { cause });
    });
    async function request(path: string, init?: RequestInit): Promise<[status: number, body: string]> {
      try {
        const response = await fetch(`${baseUrl}${path}`, { ...init, signal: AbortSignal.timeout(10_000) });
        return [response.status, await response.text()];
      } catch (cause) {
        throw new Error(`${path} failed:\n${output}`, { cause });
      }
    }
    expect(await request('/readyz')).toEqual([200, expect.any(String)]);
    expect(healthcheck()).toBe(0);

    const [called, status] = await request('/api/trpc/proxy.status', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect([called, JSON.parse(status)]).toMatchObject([
      200,
      { result: { data: { json: expect.any(Array) } } },
    ]);
    expect((await request('/api/trpc/fixture.request'))[0]).toBe(404);
    for (const path of ['/', '/contact', '/docs', '/opengraph-image', '/icon-192.png']) {
      expect([path, (await request(path))[0]]).toEqual([path, 200]);
    }
    expect((await request('/_next/image?url=%2Ficon-512.png&w=640&q=75'))[0]).toBe(404);

    child.kill(only(final, 'STOPSIGNAL').text === 'SIGTERM' ? 'SIGTERM' : 'SIGKILL');
    await once(child, 'close');
    expect(child.exitCode).toBe(0);
    expect(snapshot(join(image.root, 'app'))).toEqual(before);
    const written = globSync('data/*', { cwd: image.root }).map((path) => basename(path));
    expect(written).toContain('typed-bff.sqlite');
    expect(output).not.toMatch(/EACCES|EROFS|permission denied|unhandledRejection|"level":"(error|fatal)"/i);
  }, 90_000);
});
