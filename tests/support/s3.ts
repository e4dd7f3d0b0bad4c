import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';

export type S3Server = {
  /** The settings of the product. */
  env: { BUCKETS_URL: string; BUCKETS_ACCESS_KEY_ID: string; BUCKETS_SECRET_ACCESS_KEY: string };
  /** Requests so far, as `PUT /files/…`. */
  requests: string[];
  /** Responds instead of the server, until it is unset. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** @returns the keys of all objects */
  keys(): Promise<string[]>;
  close(): Promise<void>;
};

/** Starts an object storage on a free loopback port. It speaks S3's protocol and verifies signatures. */
export async function startS3(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'typed-bff-s3-'));
  const storage = new S3rver({
    directory,
    silent: true,
    vhostBuckets: false,
    configureBuckets: [{ name: 'files' }],
  });
  await storage.configureBuckets();
  const handle = storage.callback();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url?.split('?', 1).join('')}`);
    if (!s3.intercept?.(request, response)) handle(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the object storage has no port');

  const s3: S3Server = {
    env: {
      BUCKETS_URL: `http://127.0.0.1:${address.port}/files/product`,
      // The only account of the server.
      BUCKETS_ACCESS_KEY_ID: 'S3RVER',
      BUCKETS_SECRET_ACCESS_KEY: 'S3RVER',
    },
    requests,
    intercept: undefined,
    async keys() {
      const folder = join(directory, 'files');
      const entries = await readdir(folder, { recursive: true });
      const object = '._S3rver_object';
      return entries
        .flatMap((entry) => (entry.endsWith(object) ? [entry.slice(0, -object.length)] : []))
        .sort();
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
  return s3;
}
