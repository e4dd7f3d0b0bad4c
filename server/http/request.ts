export type BodyLimits = {
  maxBytes: number;
  /** Milliseconds from the start of reading to the last byte. */
  deadline: number;
};

/** What was asked for: a URL has it all. */
export type Target = Pick<URL, 'pathname' | 'search' | 'searchParams'>;

/** As much of a request as the door and the raw routes look at. A web Request has it. */
export type HttpRequest = {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly headers: HeaderLookup & Iterable<[name: string, value: string]>;
  readonly signal: AbortSignal;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | null;
  /** The URL's parts, where they were at hand. */
  readonly target?: Target;
  /** Reads the body better than by its stream, within limits. */
  readBody?(limits: BodyLimits): Promise<Uint8Array<ArrayBuffer> | undefined>;
};

export type HeaderLookup = {
  /** @param name in lower case */
  get(name: string): string | null;
};

const parsed = new WeakMap<HttpRequest, Target>();

export function targetOf(request: HttpRequest): Target {
  const known = request.target ?? parsed.get(request);
  if (known) return known;
  const target = new URL(request.url);
  parsed.set(request, target);
  return target;
}
