import { createServer, type RequestListener } from 'node:http';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { anyMediaType } from '#server/lib/media-type.ts';
import { defineUpstream } from '#server/upstream-client/declaration.ts';
import { UpstreamFailure } from '#server/upstream-client/failure.ts';
import type { RawResponse } from '#server/upstream-client/stream.ts';
import { clientOf } from './support.ts';

export const bytesType = { 'content-type': 'application/octet-stream' };

/** Maximum bytes that `small` forwards. */
export const smallBytes = 1_000;

export function rawUpstreamAt(url: string) {
  const common = { summary: 'Bytes', description: 'As they come.', example: {} } as const;
  const answer = { kind: 'raw', mediaTypes: ['application/octet-stream'], fileName: 'bytes' } as const;
  return defineUpstream({
    name: 'bytes',
    title: 'Bytes',
    origin: () => url,
    endpoints: {
      download: {
        ...common,
        method: 'GET',
        template: '/bytes',
        requestHeaders: ['range', 'if-none-match', 'if-modified-since'],
        responseHeaders: ['etag', 'content-range'],
        answer,
      },
      any: { ...common, method: 'GET', template: '/any', answer: { ...answer, mediaTypes: [anyMediaType] } },
      small: { ...common, method: 'GET', template: '/small', answer: { ...answer, maxBytes: smallBytes } },
      upload: {
        ...common,
        method: 'PUT',
        template: '/bytes',
        upload: { mediaTypes: ['text/csv'] },
        answer: { ...answer, mediaTypes: ['application/json'] },
      },
      call: {
        ...common,
        method: 'GET',
        template: '/call',
        answer: { kind: 'json', schema: z.object({ ok: z.boolean() }) },
      },
    },
  });
}

/** Creates a client for the raw endpoints of a server, and a function that returns its number of open streams. */
export function rawClientOf(url: string) {
  const upstream = rawUpstreamAt(url);
  const { any, download, small, upload } = upstream.endpoints;
  const client = clientOf({}, { upstreams: [upstream] });
  type Requested = { method?: 'GET' | 'HEAD'; headers?: Record<string, string>; signal?: AbortSignal };
  const get = (
    endpoint: typeof any | typeof download | typeof small,
    { method = 'GET', headers = {}, signal }: Requested,
  ) =>
    client.stream(upstream, endpoint, {
      method,
      header: (name) => headers[name] ?? null,
      signal: signal ?? new AbortController().signal,
    });
  return {
    client,
    upstream,
    streams: () => client.status()[0]?.streams,
    download: (requested: Requested = {}) => get(download, requested),
    any: (requested: Requested = {}) => get(any, requested),
    small: (requested: Requested = {}) => get(small, requested),
    upload: (body: AsyncIterable<Uint8Array>, options: { length?: number; signal?: AbortSignal } = {}) =>
      client.stream(upstream, upload, {
        method: 'PUT',
        upload: { contentType: 'text/csv', length: options.length, body },
        signal: options.signal ?? new AbortController().signal,
      }),
  };
}

/** Reads a body until it ends and returns its bytes and the outcome: 'whole' or the fault. */
export async function readAll({ body }: RawResponse): Promise<{ bytes: Buffer; ended: 'whole' | string }> {
  const parts: Uint8Array[] = [];
  try {
    for await (const part of body ?? []) parts.push(part);
    return { bytes: Buffer.concat(parts), ended: 'whole' };
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    return { bytes: Buffer.concat(parts), ended: error.fault };
  }
}

/** Starts an HTTP server on loopback that is closed after the running test. */
export async function startHttpServer(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}
