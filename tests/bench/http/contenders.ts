import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { freePort } from '#tests/support/product.ts';
import { startArguments } from '#tests/support/start-command.ts';
import { serverCore, spawnPinned, stop, waitForResponse } from '../support/pinned.ts';
import { BenchError } from '../support/tools.ts';

/** Row labels in the printed tables. */
export type ContenderId = 'a' | 'b' | 'c' | 'dh' | 'do' | 'e' | 'f' | 'g' | 'h';

export type Contender = {
  name: string;
  /** Wire protocol. Hono and oRPC have their own. */
  protocol: 'trpc' | 'hono' | 'orpc';
  /** Whether it has the texts, raw routes and guards of the product. */
  isProduct: boolean;
  /** Folder of a Next application that must be built first. */
  next?: string;
  command: (port: number) => [string, ...string[]];
  /** Path that responds once the server is up. */
  readyPath: string;
};

const nextBin = createRequire(import.meta.url).resolve('next/dist/bin/next');
const peers = 'tests/bench/peers';
const node = process.execPath;
const nextStart =
  (folder: string) =>
  (port: number): [string, ...string[]] => [node, nextBin, 'start', folder, '--port', String(port)];
const trpc = { protocol: 'trpc', isProduct: false, readyPath: '/api/trpc/fixture.request' } as const;
const nextRoutes = { isProduct: false, next: `${peers}/next-routes` } as const;

export const contenders: Readonly<Record<ContenderId, Contender>> = {
  a: { ...trpc, name: 'node:http, zod, superjson', command: () => [node, `${peers}/plain/server.ts`] },
  b: { ...trpc, name: 'tRPC standalone', command: () => [node, `${peers}/trpc-standalone/server.ts`] },
  c: {
    ...trpc,
    name: 'create-t3-app, next start',
    next: `${peers}/create-t3-app`,
    command: nextStart(`${peers}/create-t3-app`),
  },
  dh: {
    ...nextRoutes,
    name: 'Hono RPC in Next',
    protocol: 'hono',
    command: nextStart(`${peers}/next-routes`),
    readyPath: '/api/hono/echo/request',
  },
  do: {
    ...nextRoutes,
    name: 'oRPC in Next',
    protocol: 'orpc',
    command: nextStart(`${peers}/next-routes`),
    readyPath: '/api/orpc/echo/request',
  },
  e: { ...trpc, name: 'this product, next start', isProduct: true, command: nextStart('.') },
  f: {
    ...trpc,
    name: 'this product, npm start',
    isProduct: true,
    command: () => [node, ...startArguments()],
  },
  g: {
    ...trpc,
    name: 'its procedures alone',
    command: () => [node, '--disable-warning=ExperimentalWarning', `${peers}/procedures-only/server.ts`],
  },
  h: {
    ...trpc,
    name: 'npm start, layers off',
    command: () => [node, '--import', `./${peers}/layers-off/register.ts`, ...startArguments()],
  },
};

export const contenderIds = Object.keys(contenders).filter((name): name is ContenderId => name in contenders);

export type Running = {
  id: ContenderId;
  contender: Contender;
  baseUrl: string;
  pid: number;
  log: string;
  close: () => Promise<void>;
};

/** Rate limits of this product, raised so that no call is limited. Only `mail` stays low, to measure the cost of a 429. */
const raisedLimits = ['light', 'upstream', 'mailSender', 'mailSubnet', 'mailNetwork', 'mailSite'].map(
  (name) => `${name}=900000000/60`,
);
export const productEnv = { RATE_LIMITS: [...raisedLimits, 'mail=1/86400'].join(','), LOG_LEVEL: 'info' };

/** @throws BenchError when the build fails */
export function buildNext(folder: string): void {
  const build = spawnSync(node, [nextBin, 'build', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  });
  if (build.status !== 0) throw new BenchError(`the build of ${folder} failed`);
}

/** Builds the Next applications of these contenders if they have no build yet or `rebuild` is set. */
export function buildPeers(ids: readonly ContenderId[], rebuild: boolean): void {
  const folders = new Set(ids.flatMap((id) => contenders[id].next ?? []));
  for (const folder of folders) {
    if (rebuild || !existsSync(join(folder, '.next/BUILD_ID'))) buildNext(folder);
  }
}

/**
 * Starts a contender, pinned to the servers' core.
 *
 * @param options.folder for its data and its log, which is written to a file as in production
 * @param options.port default: a free one
 */
export async function start(
  id: ContenderId,
  { folder, env, port: given }: { folder: string; env: Readonly<Record<string, string>>; port?: number },
): Promise<Running> {
  const contender = contenders[id];
  const port = given ?? (await freePort());
  const data = join(folder, `${id}-data`);
  mkdirSync(data, { recursive: true });
  const log = join(folder, `${id}.log`);
  const child = spawnPinned(serverCore, contender.command(port), {
    log,
    env: {
      NODE_ENV: 'production',
      NEXT_TELEMETRY_DISABLED: '1',
      NODE_NO_WARNINGS: '1',
      PORT: String(port),
      // One process each: the comparison is per core.
      WEB_CONCURRENCY: '1',
      DATA_DIR: data,
      ...(contender.isProduct ? productEnv : {}),
      ...env,
    },
  });
  const baseUrl = `http://127.0.0.1:${port}`;
  const close = () => stop(child);
  try {
    await waitForResponse(`${baseUrl}${contender.readyPath}`, child, log);
  } catch (error) {
    await close();
    throw error;
  }
  return { id, contender, baseUrl, pid: child.pid ?? 0, log, close };
}
