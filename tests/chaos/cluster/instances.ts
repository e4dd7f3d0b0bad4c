import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { startArguments } from '#tests/support/start-command.ts';

export type Instance = {
  port: number;
  baseUrl: string;
  /** Everything that its processes, one after the other, have written. */
  log(): string;
  /** @param folder of the build; that of the last time, or this one, when it is left out */
  start(folder?: string): void;
  /** Undefined while nothing answers. */
  readiness(): Promise<Readiness | undefined>;
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
};

export type Readiness = z.infer<typeof readinessSchema>;

const readinessSchema = z.object({
  status: z.string(),
  dependencies: z.object({ redis: z.object({ state: z.string() }).optional() }),
});

const headStart = 60_000;

/** One instance of the product in a process of its own, which can be ended and started again at the same port. */
export function createInstance(port: number, env: Record<string, string>): Instance {
  const baseUrl = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let output = '';
  let builtIn = process.cwd();

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const running = child;
    if (!running) return null;
    child = undefined;
    const ended = once(running, 'close');
    running.kill(signal);
    await ended;
    return running.exitCode;
  }

  return {
    port,
    baseUrl,
    log: () => output,
    start(folder = builtIn) {
      builtIn = folder;
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
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
  };
}

/**
 * Waits until all instances are ready, and see Redis.
 *
 * @throws Error with what they wrote last when they do not come to it
 */
export async function untilWell(instances: readonly Instance[]): Promise<void> {
  const giveUpAt = performance.now() + headStart;
  for (;;) {
    const states = await Promise.all(instances.map((each) => each.readiness().catch(() => undefined)));
    if (states.every((each) => each?.status === 'ready' && each.dependencies.redis?.state === 'ok')) return;
    if (performance.now() > giveUpAt) {
      const told = instances.map(
        (each, index) => `${JSON.stringify(states[index])} ${each.log().slice(-2_000)}`,
      );
      throw new Error(`The instances did not recover:\n${told.join('\n')}`);
    }
    await delay(50);
  }
}
