export type BodyLimits = {
  maxBytes: number;
  /** Milliseconds from the start of reading to the last byte. */
  deadline: number;
};

/** The request target. A URL satisfies it. */
export type Target = Pick<URL, 'pathname' | 'search' | 'searchParams'>;

/** The part of a request that the HTTP layer and the routes use. A web Request satisfies it. */
export type HttpRequest = {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: HeaderLookup & Iterable<[name: string, value: string]>;
  readonly signal: AbortSignal;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  /** The parsed URL, if the server provides it. */
  readonly target?: Target;
  /** Reads the whole body within limits, faster than through its stream, if the server provides it. */
  readBody?(limits: BodyLimits): Promise<Uint8Array<ArrayBuffer> | undefined>;
};

export type HeaderLookup = {
  /** @param name in lower case */
  get(name: string): string | null;
};

const parsedTargets = new WeakMap<HttpRequest, Target>();

/** Returns the target of a request and parses its URL at most once. */
export function targetOf(request: HttpRequest): Target {
  const known = request.target ?? parsedTargets.get(request);
  if (known) return known;
  const target = new URL(request.url);
  parsedTargets.set(request, target);
  return target;
}
