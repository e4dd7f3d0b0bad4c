import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { BodyLimits, HttpRequest, Target } from '../http/request.ts';
import { readIncoming, streamOf } from './incoming-body.ts';

/** What the URL standard leaves as it is, in a path without dot segments (nobody gets here with one) and in a query. */
const plainTarget = /^\/[\w./,~!$&*+;=:@%-]*(?:\?[\w./,~!$&*+;=:@%?-]*)?$/;

/** Node's own request as the door wants it: its parts are made when somebody asks for them. */
export class NodeRequest implements HttpRequest {
  readonly method: string;
  readonly headers: NodeHeaders;
  readonly #message: IncomingMessage;
  readonly #origin: string;
  #target: Target | undefined;
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #left: AbortController | undefined;
  #hasLeft = false;

  /** @param origin nothing that the client wrote */
  constructor(message: IncomingMessage, origin: string) {
    this.method = message.method ?? 'GET';
    this.headers = new NodeHeaders(message.headers);
    this.#message = message;
    this.#origin = origin;
  }

  get url(): string {
    return this.#origin + this.#rawTarget;
  }

  get target(): Target {
    this.#target ??= plainTarget.test(this.#rawTarget) ? new PlainTarget(this.#rawTarget) : new URL(this.url);
    return this.#target;
  }

  get #rawTarget(): string {
    return this.#message.url ?? '/';
  }

  /** The client went away before its answer was whole. */
  leave(): void {
    this.#hasLeft = true;
    this.#left?.abort();
  }

  get signal(): AbortSignal {
    if (!this.#left) {
      this.#left = new AbortController();
      if (this.#hasLeft) this.#left.abort();
    }
    return this.#left.signal;
  }

  readBody(limits: BodyLimits): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#hasBody ? readIncoming(this.#message, limits) : Promise.resolve(undefined);
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (!this.#hasBody) return null;
    this.#body ??= streamOf(this.#message);
    return this.#body;
  }

  get #hasBody(): boolean {
    return this.method !== 'GET' && this.method !== 'HEAD';
  }
}

class NodeHeaders {
  readonly #headers: IncomingHttpHeaders;

  constructor(headers: IncomingHttpHeaders) {
    this.#headers = headers;
  }

  get(name: string): string | null {
    const value = this.#headers[name];
    return value === undefined ? null : String(value);
  }

  *[Symbol.iterator](): Generator<[string, string]> {
    for (const name in this.#headers) {
      const value = this.get(name);
      if (value !== null) yield [name, value];
    }
  }
}

/** A target in which there is nothing to parse but the question mark. */
class PlainTarget implements Target {
  readonly pathname: string;
  readonly search: string;
  #searchParams: URLSearchParams | undefined;

  constructor(target: string) {
    const end = target.indexOf('?');
    this.pathname = end === -1 ? target : target.slice(0, end);
    // A question mark alone is no query.
    this.search = end === -1 || end === target.length - 1 ? '' : target.slice(end);
  }

  get searchParams(): URLSearchParams {
    this.#searchParams ??= new URLSearchParams(this.search);
    return this.#searchParams;
  }
}
