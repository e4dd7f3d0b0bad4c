import { createHash } from 'node:crypto';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { expect, vi } from 'vitest';
import { z } from 'zod';
import type { Product } from '#tests/support/product.ts';

type Served = Pick<Product, 'baseUrl'>;

export const octets = { 'content-type': 'application/octet-stream' };

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export const fileUrl = ({ baseUrl }: Served, name: string) => `${baseUrl}/api/raw/files/files/${name}`;

const storedSchema = z.object({ name: z.string(), bytes: z.int(), sha256: z.string() });

/** What the store says that it has read of an upload. */
export async function storedOf(answer: Response): Promise<z.infer<typeof storedSchema>> {
  return storedSchema.parse(await answer.json());
}

/** How a body ended that was read by node:http; fetch would only say that it failed. */
export type Received = {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: number;
  sha256: string;
  ended: 'whole' | 'cut';
};

export type Download = {
  /** The head has come, nothing of the body was read. */
  incoming: IncomingMessage;
  leave(): void;
  /** Reads the rest of it, however it ends. */
  receive(): Promise<Received>;
};

export function openDownload(product: Served, name: string): Promise<Download> {
  return new Promise((resolve, reject) => {
    const outgoing = request(fileUrl(product, name), { agent: false }, (incoming) =>
      resolve({
        incoming,
        leave: () => void outgoing.destroy(),
        receive: () => receive(incoming),
      }),
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function receive(incoming: IncomingMessage): Promise<Received> {
  const { statusCode: status = 0, headers } = incoming;
  const hash = createHash('sha256');
  let bytes = 0;
  let failed = false;
  try {
    for await (const chunk of incoming) {
      const piece: Buffer = chunk;
      bytes += piece.length;
      hash.update(piece);
    }
  } catch {
    failed = true;
  }
  const ended = incoming.complete && !failed ? 'whole' : 'cut';
  return { status, headers, bytes, sha256: hash.digest('hex'), ended };
}

export type Upload = {
  outgoing: ClientRequest;
  /** Comes whether or not everything was sent. */
  answer: Promise<Response>;
};

/** The head of a PUT, sent at once; without a `content-length` its body goes in chunks. */
export function openUpload(product: Served, name: string, headers: Record<string, string> = octets): Upload {
  const outgoing = request(fileUrl(product, name), { method: 'PUT', agent: false, headers });
  const answer = new Promise<Response>((resolve, reject) => {
    outgoing.on('error', reject);
    outgoing.on('response', (incoming) => {
      incoming.toArray().then((chunks) => {
        const { statusCode: status = 0 } = incoming;
        const pairs = Object.entries(incoming.headersDistinct).flatMap(([field, values = []]) =>
          values.map((value): [string, string] => [field, value]),
        );
        resolve(new Response(Buffer.concat(chunks), { status, headers: pairs }));
      }, reject);
    });
  });
  // Who leaves on purpose does not ask for the answer.
  answer.catch(() => undefined);
  outgoing.flushHeaders();
  return { outgoing, answer };
}

/** A whole PUT, sent on even when the answer is there already. */
export async function upload(
  product: Served,
  name: string,
  pieces: Iterable<Uint8Array>,
  headers?: Record<string, string>,
): Promise<Response> {
  const { outgoing, answer } = openUpload(product, name, headers);
  // A refusal may end the connection before everything was sent; what counts is the answer.
  await pipeline(pieces, outgoing).catch(() => undefined);
  return answer;
}

/** The same piece over and over. */
export function* repeated(piece: Uint8Array, times: number): Generator<Uint8Array> {
  for (let sent = 0; sent < times; sent += 1) yield piece;
}

/** Waits until the store has this many bodies on their way. */
export function untilOpen({ upstreams }: Pick<Product, 'upstreams'>, count: number, timeout = 1000) {
  return vi.waitFor(() => expect(upstreams.files.open).toBe(count), { timeout, interval: 10 });
}
