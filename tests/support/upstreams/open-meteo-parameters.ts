import { isRecord, jsonReply, parseJson, type Reply, type StandInRequest } from './reply.ts';

/** Parameters in one form, whether they came in the query or in a JSON body. */
export type Parameters = ReadonlyMap<string, readonly string[]>;

/** A refusal in Open-Meteo's words: `{"error":true,"reason":"…"}`. */
export class Refusal extends Error {
  readonly status: number;
  constructor(reason: string, status = 400) {
    super(reason);
    this.status = status;
  }
}

export function refusalReply(refusal: Refusal): Reply {
  return jsonReply(refusal.status, { error: true, reason: refusal.message });
}

/**
 * The parameters of a GET (comma-separated lists in the query) or of a POST (arrays or scalars in a JSON
 * body; the query is then not looked at).
 */
export function readParameters(request: StandInRequest): Parameters {
  return request.method === 'POST' ? fromBody(request) : fromQuery(request.url.searchParams);
}

/** The only value of a parameter, or undefined when it was not sent. */
export function single(parameters: Parameters, key: string): string | undefined {
  const values = parameters.get(key) ?? [];
  if (values.length > 1) throw new Refusal(`Parameter '${key}' must have a single value`);
  return values[0];
}

/** One of a closed set; the first of it when the parameter was not sent. */
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
  throw new Refusal(`Cannot initialize ${type} from invalid String value ${value} for key ${key}`);
}

export function numbers(parameters: Parameters, key: string): number[] {
  return (parameters.get(key) ?? []).map((text) => number(text, key));
}

export function number(text: string, key: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new Refusal(`Value '${text}' for key '${key}' is not a number`);
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
    throw new Refusal('Unsupported Media Type', 415);
  }
  const value = parseJson(body);
  if (!isRecord(value)) throw new Refusal('The body is not a JSON object');
  return new Map(Object.entries(value).map(([key, entry]) => [key, texts(entry, key)]));
}

function texts(entry: unknown, key: string): string[] {
  return (Array.isArray(entry) ? entry : [entry]).map((item: unknown) => {
    if (typeof item === 'string' || typeof item === 'number') return String(item);
    throw new Refusal(`Value for key '${key}' is neither a text nor a number`);
  });
}
