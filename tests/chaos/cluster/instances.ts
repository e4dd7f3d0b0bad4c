import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { startArguments } from '#tests/support/start-command.ts';

export type Instance = {
  port: number;
  baseUrl: string;
  /** Output of all its processes so far. */
  log(): string;
  /** @param folder folder of the build. Default: that of the previous start, at first the current folder */
  start(folder?: string): void;
  /** Undefined while nothing listens. */
  readiness(): Promise<Readiness | undefined>;
  /** Sends SIGKILL and resolves when the process has exited. */
  kill(): Promise<void>;
  /** Sends SIGTERM and resolves to the exit code. */
  stop(): Promise<number | null>;
};

type Readiness = z.infer<typeof readinessSchema>;

const readinessSchema = z.object({
  status: z.string(),
  dependencies: z.object({ redis: z.object({ state: z.string() }).optional() }),
});

/** Milliseconds. */
const recoveryTimeout = 60_000;

/** Creates an instance of the product in its own process, which can be stopped and restarted on the same port. */
export function createInstance(port: number, env: Record<string, string>): Instance {
  const baseUrl = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let output = '';
  let buildFolder = process.cwd();

  async function terminate(signal: NodeJS.Signals): Promise<number | null> {
    const running = child;
    if (!running) return null;
    child = undefined;
    const closed = once(running, 'close');
    running.kill(signal);
    await closed;
    return running.exitCode;
  }

  return {
    port,
    baseUrl,
    log: () => output,
    start(folder = buildFolder) {
      buildFolder = folder;
      const started = spawn(process.execPath, startArguments(), {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env, NODE_ENV: 'production', PORT: String(port) },
      });
      for (const stream of [started.stdout, started.stderr]) {
        stream.on('data', (chunk) => {
          output += String(chunk);
        });
      }
      child = started;
    },
    async readiness() {
      const response = await fetch(`${baseUrl}/readyz`).catch(() => undefined);
      return response && readinessSchema.parse(await response.json());
    },
    async kill() {
      await terminate('SIGKILL');
    },
    stop: () => terminate('SIGTERM'),
  };
}

/**
 * Waits until all instances are ready and connected to Redis.
 *
 * @throws Error with the end of their logs after a minute
 */
export async function waitUntilHealthy(instances: readonly Instance[]): Promise<void> {
  const deadline = performance.now() + recoveryTimeout;
  for (;;) {
    const states = await Promise.all(instances.map((each) => each.readiness().catch(() => undefined)));
    if (states.every((each) => each?.status === 'ready' && each.dependencies.redis?.state === 'ok')) return;
    if (performance.now() > deadline) {
      const details = instances.map(
        (each, index) => `${JSON.stringify(states[index])} ${each.log().slice(-2_000)}`,
      );
      throw new Error(`The instances did not recover:\n${details.join('\n')}`);
    }
    await delay(50);
  }
}
