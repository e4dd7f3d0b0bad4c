import type { IncomingMessage } from 'node:http';
import type { BodyLimits, SelfReading } from '../door/body.ts';
import { readIncoming, streamOf } from './incoming-body.ts';

/**
 * A web Request that stands on Node's own. Its body and its signal are made when somebody asks for them, and a small
 * body is read without a stream.
 */
export class NodeRequest extends Request implements SelfReading {
  readonly #message: IncomingMessage;
  #left: AbortController | undefined;
  #hasLeft = false;
  #standard: Response | undefined;

  /** @param url absolute; its host is nothing that the client wrote */
  constructor(message: IncomingMessage, url: string) {
    super(url, { method: message.method ?? 'GET', headers: headersOf(message) });
    this.#message = message;
  }

  /** The client went away before its answer was whole. */
  leave(): void {
    this.#hasLeft = true;
    this.#left?.abort();
  }

  override get signal(): AbortSignal {
    if (!this.#left) {
      this.#left = new AbortController();
      if (this.#hasLeft) this.#left.abort();
    }
    return this.#left.signal;
  }

  readBody(limits: BodyLimits): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#hasBody ? readIncoming(this.#message, limits) : Promise.resolve(undefined);
  }

  get #hasBody(): boolean {
    return this.method !== 'GET' && this.method !== 'HEAD';
  }

  #whole(): Response {
    this.#standard ??= new Response(this.#hasBody ? streamOf(this.#message) : null, {
      headers: this.headers,
    });
    return this.#standard;
  }

  override get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#whole().body;
  }

  override get bodyUsed(): boolean {
    return this.#standard?.bodyUsed ?? false;
  }

  override text(): Promise<string> {
    return this.#whole().text();
  }

  override json(): Promise<unknown> {
    return this.#whole().json();
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#whole().bytes();
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#whole().arrayBuffer();
  }

  override blob(): Promise<Blob> {
    return this.#whole().blob();
  }

  override formData(): Promise<FormData> {
    return this.#whole().formData();
  }
}

function headersOf({ headers }: IncomingMessage): Headers {
  const result = new Headers();
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) result.append(name, String(value));
  }
  return result;
}
