type WholeBody = string | Uint8Array<ArrayBuffer>;

/**
 * A Response whose body is at hand as a whole. The platform's own wraps every body in a stream as soon as it is
 * made, which costs more than all the rest of a small answer; here that waits until somebody asks for the stream.
 */
export class WholeResponse extends Response {
  /** Null for an answer without a body. */
  readonly whole: WholeBody | null;
  #streamed: Response | undefined;

  constructor(body: WholeBody | null, init?: ResponseInit) {
    super(null, init);
    this.whole = body;
  }

  #standard(): Response {
    this.#streamed ??= new Response(this.whole);
    return this.#streamed;
  }

  override get body(): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    return this.#standard().body;
  }

  override get bodyUsed(): boolean {
    return this.#streamed?.bodyUsed ?? false;
  }

  override text(): Promise<string> {
    return this.#standard().text();
  }

  override json(): Promise<unknown> {
    return this.#standard().json();
  }

  override bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#standard().bytes();
  }

  override arrayBuffer(): Promise<ArrayBuffer> {
    return this.#standard().arrayBuffer();
  }

  override blob(): Promise<Blob> {
    return this.#standard().blob();
  }

  override formData(): Promise<FormData> {
    return this.#standard().formData();
  }

  override clone(): Response {
    return new WholeResponse(this.whole, { status: this.status, headers: this.headers });
  }
}

/** A JSON answer. */
export function jsonResponse(
  value: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> },
): WholeResponse {
  return new WholeResponse(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}
