import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { freePort } from '#tests/support/product.ts';
import { startArguments } from '#tests/support/start-command.ts';
import { serverCore, spawnPinned, stop, untilItAnswers } from '../support/pinned.ts';
import { BenchError } from '../support/tools.ts';

/** The letters of a table's rows. */
export type ContenderId = 'a' | 'b' | 'c' | 'dh' | 'do' | 'e' | 'f' | 'g' | 'h';

export type Contender = {
  name: string;
  /** In which words it is called: the protocols of Hono and oRPC are their own. */
  speaks: 'trpc' | 'hono' | 'orpc';
  /** It has the texts, the raw routes and the guards that the product has. */
  isProduct: boolean;
  /** A folder of a Next application that must be built first. */
  next?: string;
  command: (port: number) => [string, ...string[]];
  /** What answers once it is up. */
  ready: string;
};

const nextBin = createRequire(import.meta.url).resolve('next/dist/bin/next');
const peers = 'tests/bench/peers';
const node = process.execPath;
const nextStart =
  (folder: string) =>
  (port: number): [string, ...string[]] => [node, nextBin, 'start', folder, '--port', String(port)];
const trpc = { speaks: 'trpc', isProduct: false, ready: '/api/trpc/echo.request' } as const;
const ofNextRoutes = { isProduct: false, next: `${peers}/next-routes` } as const;

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
    ...ofNextRoutes,
    name: 'Hono RPC in Next',
    speaks: 'hono',
    command: nextStart(`${peers}/next-routes`),
    ready: '/api/hono/echo/request',
  },
  do: {
    ...ofNextRoutes,
    name: 'oRPC in Next',
    speaks: 'orpc',
    command: nextStart(`${peers}/next-routes`),
    ready: '/api/orpc/echo/request',
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
    command: () => [node, '--disable-warning=ExperimentalWarning', `${peers}/bare-door/server.ts`],
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

/** Of this product: raised so that nothing is refused, but for a kind of its own that tells what a refusal costs. */
const raisedLimits = ['light', 'upstream', 'mailSender', 'mailSite'].map((name) => `${name}=900000000/60`);
export const productEnv = { RATE_LIMITS: [...raisedLimits, 'mail=1/86400'].join(','), LOG_LEVEL: 'info' };

/** @throws BenchError when it does not build */
export function buildNext(folder: string): void {
  const build = spawnSync(node, [nextBin, 'build', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
  });
  if (build.status !== 0) throw new BenchError(`${folder} does not build`);
}

/** Builds the Next applications that these need, where there is no build yet or a new one is asked for. */
export function buildPeers(ids: readonly ContenderId[], again: boolean): void {
  const folders = new Set(ids.flatMap((id) => contenders[id].next ?? []));
  for (const folder of folders) {
    if (again || !existsSync(join(folder, '.next/BUILD_ID'))) buildNext(folder);
  }
}

/**
 * Starts one alone on the servers' core.
 *
 * @param folder for its log, which it writes as in production, and its data
 */
export async function start(
  id: ContenderId,
  { folder, env }: { folder: string; env: Readonly<Record<string, string>> },
): Promise<Running> {
  const contender = contenders[id];
  const port = await freePort();
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
      // One process each: what is compared is a core.
      WEB_CONCURRENCY: '1',
      DATA_DIR: data,
      ...env,
      ...(contender.isProduct ? productEnv : {}),
    },
  });
  const baseUrl = `http://127.0.0.1:${port}`;
  const close = () => stop(child);
  try {
    await untilItAnswers(`${baseUrl}${contender.ready}`, child, log);
  } catch (error) {
    await close();
    throw error;
  }
  return { id, contender, baseUrl, pid: child.pid ?? 0, log, close };
}
