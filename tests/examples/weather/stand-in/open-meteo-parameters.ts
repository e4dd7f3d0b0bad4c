import {
  isRecord,
  jsonReply,
  parseJson,
  type Reply,
  type StandInRequest,
} from '#tests/support/upstreams/reply.ts';

/** Parameters of a query string or a JSON body, in one form. */
export type Parameters = ReadonlyMap<string, readonly string[]>;

/** An error response in Open-Meteo's format: `{"error":true,"reason":"…"}`. */
export class OpenMeteoError extends Error {
  readonly status: number;
  constructor(reason: string, status = 400) {
    super(reason);
    this.status = status;
  }
}

export function errorReply(error: OpenMeteoError): Reply {
  return jsonReply(error.status, { error: true, reason: error.message });
}

/**
 * Reads the parameters of a GET (comma-separated lists in the query) or of a POST (arrays or scalars in a JSON
 * body; the query is ignored).
 */
export function readParameters(request: StandInRequest): Parameters {
  return request.method === 'POST' ? fromBody(request) : fromQuery(request.url.searchParams);
}

/** Returns the single value of a parameter, or undefined if it was not sent. */
export function single(parameters: Parameters, key: string): string | undefined {
  const values = parameters.get(key) ?? [];
  if (values.length > 1) throw new OpenMeteoError(`Parameter '${key}' must have a single value`);
  return values[0];
}

/** Returns a parameter's value from a closed set. The first option is the default. */
export function choice<const T extends string>(
  parameters: Parameters,
  key: string,
  options: readonly [T, ...T[]],
): T {
  const value = single(parameters, key);
  if (value === undefined) return options[0];
  const known = options.find((option) => option === value);
  if (known !== undefined) return known;
  const type = key.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  throw new OpenMeteoError(`Cannot initialize ${type} from invalid String value ${value} for key ${key}`);
}

export function numbers(parameters: Parameters, key: string): number[] {
  return (parameters.get(key) ?? []).map((text) => number(text, key));
}

export function number(text: string, key: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new OpenMeteoError(`Value '${text}' for key '${key}' is not a number`);
}

function fromQuery(query: URLSearchParams): Parameters {
  const parameters = new Map<string, string[]>();
  for (const [key, value] of query) {
    if (value === '') continue;
    parameters.set(key, [...(parameters.get(key) ?? []), ...value.split(',')]);
  }
  return parameters;
}

function fromBody({ headers, body }: StandInRequest): Parameters {
  if (!/^application\/json\s*(?:;|$)/i.test(headers['content-type'] ?? '')) {
    throw new OpenMeteoError('Unsupported Media Type', 415);
  }
  const value = parseJson(body);
  if (!isRecord(value)) throw new OpenMeteoError('The body is not a JSON object');
  return new Map(Object.entries(value).map(([key, entry]) => [key, texts(entry, key)]));
}

function texts(entry: unknown, key: string): string[] {
  return (Array.isArray(entry) ? entry : [entry]).map((item: unknown) => {
    if (typeof item === 'string' || typeof item === 'number') return String(item);
    throw new OpenMeteoError(`Value for key '${key}' is neither a text nor a number`);
  });
}
