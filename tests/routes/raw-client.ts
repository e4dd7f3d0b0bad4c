import { createHash } from 'node:crypto';
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, beforeEach, expect, vi } from 'vitest';
import { z } from 'zod';
import { type Product, startProduct } from '#tests/support/product.ts';
import { proxyAuthorization } from '#tests/support/proxy-key.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';

type WithBaseUrl = Pick<Product, 'baseUrl'>;

export const octets = { 'content-type': 'application/octet-stream' };

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export const fileUrl = ({ baseUrl }: WithBaseUrl, name: string) => `${baseUrl}/api/raw/store/files/${name}`;

const storedSchema = z.object({ name: z.string(), bytes: z.int(), sha256: z.string() });

/** Returns the store's report of a received upload. */
export async function storedFile(response: Response): Promise<z.infer<typeof storedSchema>> {
  return storedSchema.parse(await response.json());
}

/** A body read with node:http, and how it ended; fetch would only report a failure. */
type Received = {
  status: number;
  headers: IncomingHttpHeaders;
  bytes: number;
  sha256: string;
  ended: 'complete' | 'truncated';
};

export type Download = {
  /** The response after its head; nothing of the body has been read. */
  incoming: IncomingMessage;
  abort(): void;
  /** Reads the rest of the body until it is complete or cut off. */
  receive(): Promise<Received>;
};

export function openDownload(
  product: WithBaseUrl,
  name: string,
  headers: Record<string, string> = {},
): Promise<Download> {
  return new Promise((resolve, reject) => {
    const outgoing = request(fileUrl(product, name), { agent: false, headers }, (incoming) =>
      resolve({
        incoming,
        abort: () => void outgoing.destroy(),
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
  const ended = incoming.complete && !failed ? 'complete' : 'truncated';
  return { status, headers, bytes, sha256: hash.digest('hex'), ended };
}

export type Upload = {
  outgoing: ClientRequest;
  /** Resolves even if the body has not been sent completely. */
  response: Promise<Response>;
};

/** Sends the head of a PUT at once. Without a `content-length` the body is sent in chunks. */
export function openUpload(
  product: WithBaseUrl,
  name: string,
  headers: Record<string, string> = octets,
): Upload {
  const outgoing = request(fileUrl(product, name), {
    method: 'PUT',
    agent: false,
    headers: { ...proxyAuthorization, ...headers },
  });
  const response = new Promise<Response>((resolve, reject) => {
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
  // A test that aborts the upload does not await the response.
  response.catch(() => undefined);
  outgoing.flushHeaders();
  return { outgoing, response };
}

/** Sends a whole PUT, even after the response has arrived. */
export async function upload(
  product: WithBaseUrl,
  name: string,
  pieces: Iterable<Uint8Array>,
  headers?: Record<string, string>,
): Promise<Response> {
  const { outgoing, response } = openUpload(product, name, headers);
  // A rejection may close the connection before everything is sent; only the response counts.
  await pipeline(pieces, outgoing).catch(() => undefined);
  return response;
}

/** Yields the same piece repeatedly. */
export function* repeated(piece: Uint8Array, times: number): Generator<Uint8Array> {
  for (let sent = 0; sent < times; sent += 1) yield piece;
}

/** Waits until the store has this many bodies in transfer. */
export function untilOpen({ upstreams }: Pick<Product, 'upstreams'>, count: number, timeout = 1000) {
  return vi.waitFor(() => expect(upstreams.store.open).toBe(count), { timeout, interval: 10 });
}

/**
 * Each test begins with a file store that has no fault and no recorded requests.
 *
 * @param onStart receives the product before the first test
 * @param env environment of a product that is started for this file only; `{}` starts one with the defaults, for tests
 * that could open the circuit. Without `env` the tests use the product of the test worker.
 */
export function withFileStore(onStart: (product: SharedProduct) => void, env?: Record<string, string>): void {
  let own: Product | undefined;
  let product: SharedProduct;
  beforeAll(async () => {
    own = env && (await startProduct(env));
    product = own ?? (await sharedProduct());
    onStart(product);
  });
  afterAll(async () => {
    product.upstreams.store.fault(undefined);
    await own?.close();
  });
  beforeEach(() => {
    product.upstreams.store.fault(undefined);
    product.upstreams.store.requests.length = 0;
  });
}
