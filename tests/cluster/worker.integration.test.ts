import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { joinCluster } from '#server/cluster/join-cluster.ts';
import { serveBuild } from '#server/node-server/start.ts';
import { setCoordinator } from '#server/process/coordinator.ts';
import { ownSignals } from './own-signals.ts';

vi.mock(import('#server/cluster/join-cluster.ts'), () => ({ joinCluster: vi.fn() }));
vi.mock(import('#server/node-server/start.ts'), () => ({ serveBuild: vi.fn() }));
vi.mock('#server/observability/log.ts', () => ({
  log: () => ({ fatal: () => steps.push('logged') }),
  flushLog: () => steps.push('log written'),
}));
vi.mock('#server/process/coordinator.ts', () => ({ setCoordinator: vi.fn() }));
vi.mock('#server/services.ts', () => ({
  services: () => ({ metrics: { snapshot: async () => ['the last metrics'] } }),
}));

/** What happened, in order. */
let steps: string[] = [];
let exit: ReturnType<typeof vi.fn<typeof process.exit>>;
let signals: ReturnType<typeof ownSignals>;
const { exit: realExit, title } = process;

beforeEach(() => {
  steps = [];
  exit = vi.fn<typeof process.exit>();
  process.exit = exit;
  signals = ownSignals('SIGINT', 'SIGHUP', 'SIGTERM');
});
afterEach(() => {
  process.exit = realExit;
  process.title = title;
});

const turn = () => new Promise(setImmediate);

/** Runs a worker whose server records its commands. Each step of the server takes until the next turn. */
async function runWorker({ loads = true, starts = true } = {}) {
  const commands = { drain: () => {}, shutdown: () => {} };
  const connection = {
    coordinator: { salt: 'of this worker' },
    othersServe: true,
    send: vi.fn(async ({ kind }: { kind: string }) => void steps.push(kind)),
    request: vi.fn(async ({ kind }: { kind: string }) => {
      await turn();
      steps.push(kind);
    }),
    resignMailLeader: async () => {
      await turn();
      steps.push('resigned');
    },
    reportDrained: async () => void steps.push('drained'),
  };
  Reflect.apply(vi.mocked(joinCluster).mockImplementation, undefined, [
    async (given: typeof commands) => Object.assign(commands, given) && connection,
  ]);
  const serverOf = () => ({
    ready: loads ? Promise.resolve() : Promise.reject(new Error('no build')),
    stop: async (drained: () => Promise<void>) => {
      await drained();
      await turn();
      steps.push('stopped');
    },
    handOver: async () => {
      await turn();
      await turn();
      steps.push('handed over');
    },
  });
  Reflect.apply(vi.mocked(serveBuild).mockImplementation, undefined, [
    async () => {
      if (!starts) throw new Error('no build');
      return serverOf();
    },
  ]);
  vi.resetModules();
  await import('#server/cluster/worker.ts');
  return { connection, commands };
}

async function untilExit(): Promise<void> {
  while (exit.mock.calls.length === 0) await turn();
}

describe('a worker', () => {
  test('serves the build with what it shares with the others, and reports when it is ready', async () => {
    const { connection } = await runWorker();
    expect(vi.mocked(setCoordinator)).toHaveBeenLastCalledWith(connection.coordinator);
    expect(vi.mocked(serveBuild).mock.lastCall?.[1]).toBe(connection);
    expect(steps).toEqual(['ready']);
    expect(exit).not.toHaveBeenCalled();
  });

  test.each([
    ['the server does not start', { starts: false }],
    ['the build cannot be loaded', { loads: false }],
  ])('logs the reason and reports that it failed if %s, and waits for the primary', async (_, options) => {
    await runWorker(options);
    await turn();
    // The primary kills it as soon as it has failed.
    expect(steps).toEqual(['logged', 'log written', 'failed']);
    expect(exit).not.toHaveBeenCalled();
  });

  test('that is shut down accepts no more requests, stops and sends its metrics before it exits', async () => {
    const { commands, connection } = await runWorker();
    commands.shutdown();
    await untilExit();
    expect(steps).toEqual(['ready', 'drained', 'stopped', 'finalMetrics']);
    expect(connection.request.mock.calls).toEqual([
      [{ kind: 'finalMetrics', metrics: ['the last metrics'] }],
    ]);
    expect(exit.mock.calls).toEqual([[0]]);
  });

  test('that is drained hands over its mails and its connections, once, and sends its metrics before it exits', async () => {
    const { commands } = await runWorker();
    commands.drain();
    commands.drain();
    await untilExit();
    await turn();
    expect(steps).toEqual(['ready', 'resigned', 'handed over', 'finalMetrics']);
    expect(exit.mock.calls).toEqual([[0]]);
  });

  test('that has not started its server exits without metrics', async () => {
    const { commands, connection } = await runWorker({ starts: false });
    commands.shutdown();
    await untilExit();
    expect(connection.request).not.toHaveBeenCalled();
    expect(exit.mock.calls).toEqual([[0]]);
  });

  test('that has not started its server can be drained', async () => {
    const { commands } = await runWorker({ starts: false });
    commands.drain();
    await untilExit();
    expect(exit.mock.calls).toEqual([[0]]);
  });
});

test('SIGTERM is reported to the primary, which decides; signals of a terminal are left to it', async () => {
  await runWorker();
  for (const name of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
    expect(signals.listenersOf(name)).toHaveLength(1);
    signals.send(name);
  }
  await turn();
  expect(steps).toEqual(['ready', 'terminated']);
  expect(exit).not.toHaveBeenCalled();
});
