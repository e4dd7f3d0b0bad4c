import cluster from 'node:cluster';
import pino, { type Logger as PinoLogger } from 'pino';
import { env } from '../config/env.ts';
import { limits } from '../config/limits.ts';
import { defineSingleton } from '../lib/singleton.ts';
import { errorForLog } from './log-error.ts';
import { requestScope } from './request-scope.ts';
import { createLogOutput, type LogOutput } from './standard-output.ts';
import { traceIds } from './trace-context.ts';

export type Logger = PinoLogger & {
  /**
   * Writes a line with the given fields, which must be plain JSON, and the trace ids. Faster than pino, which inspects
   * every field: for the line of each request that costs several times as much as writing it.
   *
   * @param fields at least one
   * @param message a constant, without characters that JSON escapes
   */
  event(level: 'info' | 'warn' | 'error', fields: object, message: string): void;
};

const logOutput = defineSingleton('log-output', openStandardOutput);

/** Writes JSON lines to standard output. Lines written while a request is handled contain its id and its trace ids. */
export function createLogger(options: {
  level: string;
  destination?: { write(line: string): void };
}): Logger {
  const output = options.destination ?? logOutput.get();
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
      const ids = trace ? `,${JSON.stringify(trace).slice(1, -1)}` : '';
      const text = JSON.stringify(fields).slice(1, -1);
      output.write(`{"level":"${level}"${timestamp()}${worker},${text}${ids},"msg":"${message}"}\n`);
    },
  });
}

/** Returns a function that formats the time as ISO 8601, once per millisecond. */
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

function openStandardOutput(): LogOutput {
  const { logBufferBytes, logPieceBytes, logDelay, logQueueBytes, logRetryInterval } = limits;
  const output = createLogOutput(1, {
    pieceLength: cluster.worker ? logPieceBytes : logBufferBytes,
    delay: logDelay,
    queueLength: logQueueBytes,
    retryInterval: logRetryInterval,
  });
  process.on('exit', output.flush);
  return output;
}

/** Returns the number of log lines that this process has dropped because the reader of its log did not keep up. */
export function droppedLogLines(): number {
  return logOutput.get().dropped;
}

/** Writes the buffered lines. Call it before the process is killed. */
export function flushLog(): void {
  logOutput.get().flush();
}

export const processLogger = defineSingleton('log', () => createLogger({ level: env().LOG_LEVEL }));

/** Returns the logger of this process. */
export function log(): Logger {
  return processLogger.get();
}

/** Logs an error thrown by a page or route handler, with the digest that the visitor sees. `route` is a pattern. */
export function logPageFailure(error: unknown, route: string): void {
  const digest = typeof error === 'object' && error !== null ? Reflect.get(error, 'digest') : undefined;
  log().error({ digest, route, err: error }, 'page failed');
}
