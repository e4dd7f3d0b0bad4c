import { createServer } from 'node:http';
import { request } from 'undici';
import { AppError } from '#server/errors.ts';
import type { FetchJson } from '#server/feed/remote.ts';

export type JsonServer = AsyncDisposable & {
  url: string;
  /** Requests seen so far. */
  hits: () => number;
  /** Sets the body of further responses; undefined makes them 500s. */
  respondWith: (json: unknown) => void;
  /** Delays responses until the returned function is called. */
  hold: () => () => void;
  /** Closes the port. */
  stop: () => Promise<void>;
};

/** Starts an HTTP server on loopback that responds to every request with one JSON document. */
export async function startJsonServer(json: unknown): Promise<JsonServer> {
  let current = json;
  let hits = 0;
  let gate: Promise<void> = Promise.resolve();
  const server = createServer(async (_, response) => {
    hits += 1;
    await gate;
    response.statusCode = current === undefined ? 500 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(current ?? { error: true }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');

  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: `http://127.0.0.1:${address.port}/feed`,
    hits: () => hits,
    respondWith: (next) => {
      current = next;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Replaces the upstream client in these tests. */
export const fetchJson: FetchJson = async (url, { signal }) => {
  const { statusCode, body } = await request(url, { signal });
  const json = await body.json();
  if (statusCode !== 200) throw new AppError('upstream_refused');
  return json;
};
