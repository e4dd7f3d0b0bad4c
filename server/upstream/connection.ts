import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { AppError } from '../errors.ts';
import { limits } from '../limits.ts';
import { createDispatcher, exchange, type HttpAnswer, type HttpRequest } from './http.ts';

const { connections, queue, deadline } = limits.upstream;

/** How soon a place is likely to be free, in seconds. */
const retryAfterSeconds = 1;

export type Connection = {
  /**
   * One exchange, within one deadline that also counts the wait for a connection.
   *
   * @throws AppError `upstream_overloaded` at once when too many wait already; else as `exchange` does
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
};

/**
 * What this server has towards one upstream: a few connections and a short queue before them. A slow upstream
 * fills its own queue and nothing else, so the others are not harmed.
 */
export function createConnection(baseUrl: string): Connection {
  const dispatcher = createDispatcher(baseUrl);
  const compartment = bulkhead(connections, queue);
  return {
    async send(request) {
      const overdue = AbortSignal.timeout(deadline);
      try {
        return await Promise.race([
          compartment.execute(() => exchange(dispatcher, request, overdue), overdue),
          // Nobody looks at the deadline of what still waits in the queue.
          timeoutOf(overdue),
        ]);
      } catch (cause) {
        if (!(cause instanceof BulkheadRejectedError)) throw cause;
        throw new AppError('upstream_overloaded', { cause, retryAfterSeconds });
      }
    },
    close: () => dispatcher.destroy(),
  };
}

function timeoutOf(overdue: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    overdue.addEventListener(
      'abort',
      () => reject(new AppError('upstream_timeout', { cause: overdue.reason })),
      { once: true },
    );
  });
}
