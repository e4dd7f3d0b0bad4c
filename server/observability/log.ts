import cluster from 'node:cluster';
import pino, { type Logger as PinoLogger } from 'pino';
import { env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { singleton } from '../lib/singleton.ts';
import { errorForLog } from './log-error.ts';
import { requestScope } from './request-scope.ts';
import { traceIds } from './trace-context.ts';

export type Logger = PinoLogger & {
  /**
   * One line with exactly these fields, which JSON can write as they are, and the trace: pino looks at each field of each
   * line, which for the line that every request has costs several times what writing it does.
   */
  event(level: 'info' | 'warn' | 'error', fields: object, message: string): void;
};

/** JSON lines on standard output; every line written while a request is handled carries its id, and its trace's. */
export function createLogger(options: {
  level: string;
  destination?: { write(line: string): void };
}): Logger {
  const output = options.destination ?? singleton('log-output', standardOutput);
  const timestamp = createTimestamp();
  const logger = pino(
    {
      level: options.level,
      base: cluster.worker ? { worker: cluster.worker.id } : null,
      timestamp,
      serializers: { err: errorForLog },
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const requestId = requestScope.getStore()?.requestId;
        const trace = traceIds();
        if (!requestId) return trace ?? {};
        return trace ? { requestId, ...trace } : { requestId };
      },
    },
    output,
  );
  const worker = cluster.worker ? `,"worker":${cluster.worker.id}` : '';
  return Object.assign(logger, {
    event(level: 'info' | 'warn' | 'error', fields: object, message: string): void {
      if (!logger.isLevelEnabled(level)) return;
      const trace = traceIds();
      const text = JSON.stringify({ ...fields, ...trace, msg: message });
      output.write(`{"level":"${level}"${timestamp()}${worker},${text.slice(1)}\n`);
    },
  });
}

/** ISO 8601, written once for all lines of a millisecond. */
function createTimestamp(): () => string {
  let at = 0;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      text = `,"time":"${new Date(now).toISOString()}"`;
    }
    return text;
  };
}

/**
 * The lines of a moment go out in one write: to write each as it comes takes longer than all the rest that a small call
 * needs. Whatever ends the process writes them first, but for what ends it without a word.
 */
function standardOutput(): { write(line: string): void; flush(): void } {
  const { logBufferBytes, logPieceBytes, logDelay } = limits;
  const atOnce = cluster.worker ? logPieceBytes : logBufferBytes;
  const output = pino.destination({ dest: 1, sync: true });
  let waiting = '';
  // Not flushSync of the destination: that waits for the disk, each time.
  function flush(): void {
    if (waiting === '') return;
    const lines = waiting;
    waiting = '';
    output.write(lines);
  }
  process.on('exit', flush);
  return {
    write(line) {
      if (waiting.length + line.length > atOnce) flush();
      if (waiting === '') setTimeout(flush, logDelay).unref();
      waiting += line;
    },
    flush,
  };
}

/** Writes the lines that wait: for a process that is about to be killed. */
export function flushLog(): void {
  singleton('log-output', standardOutput).flush();
}

/** The logger of this process. */
export function log(): Logger {
  return singleton('log', () => createLogger({ level: env().LOG_LEVEL }));
}

/** A page or route handler that threw, under the digest that its visitor may quote. `route` is its pattern. */
export function logPageFailure(error: unknown, route: string): void {
  const digest = typeof error === 'object' && error !== null ? Reflect.get(error, 'digest') : undefined;
  log().error({ digest, route, err: error }, 'page failed');
}
