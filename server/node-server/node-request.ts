import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { BodyLimits, HttpRequest, Target } from '../http/request.ts';
import { bodyStreamOf, readIncomingBody } from './incoming-body.ts';

/**
 * Targets that the URL parser would not change: only characters that it keeps, in the path and in the query. Paths with
 * dot segments are rejected before, see `rejectMalformed`.
 */
const plainTarget = /^\/[\w./,~!$&*+;=:@%-]*(?:\?[\w./,~!$&*+;=:@%?-]*)?$/;

/** Adapts Node's request to the routes. The URL, signal and body are created on first access. */
export class NodeRequest implements HttpRequest {
  readonly method: string;
  readonly headers: NodeHeaders;
  readonly #message: IncomingMessage;
  readonly #origin: string;
  #target: Target | undefined;
  #body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #controller: AbortController | undefined;
  #isAborted = false;

  /** @param origin the configured origin of the site, never the Host header */
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

  /** Aborts the signal: the client disconnected before it got the whole response. */
  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#isAborted) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  readBody(limits: BodyLimits): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return this.#hasBody ? readIncomingBody(this.#message, limits) : Promise.resolve(undefined);
  }

  get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    if (!this.#hasBody) return null;
    this.#body ??= bodyStreamOf(this.#message);
    return this.#body;
  }

  get #hasBody(): boolean {
    return this.method !== 'GET' && this.method !== 'HEAD';
  }
}

/** Looks up the headers of Node's request. */
export class NodeHeaders {
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

/** A target that is split at the question mark without the URL parser. */
class PlainTarget implements Target {
  readonly pathname: string;
  readonly search: string;
  #searchParams: URLSearchParams | undefined;

  constructor(target: string) {
    const end = target.indexOf('?');
    this.pathname = end === -1 ? target : target.slice(0, end);
    // `search` of a URL is empty if nothing follows the question mark.
    this.search = end === -1 || end === target.length - 1 ? '' : target.slice(end);
  }

  get searchParams(): URLSearchParams {
    this.#searchParams ??= new URLSearchParams(this.search);
    return this.#searchParams;
  }
}
