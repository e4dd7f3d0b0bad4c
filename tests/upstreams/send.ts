import { request } from 'node:http';

export interface PlainResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Body as JSON. Undefined if it is not JSON. */
  readonly json: unknown;
}

interface SendOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Sends one request over node:http, which adds no User-Agent and does not follow redirects. */
export function send(
  url: string,
  { method = 'GET', headers = {}, body }: SendOptions = {},
): Promise<PlainResponse> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: jsonOf(text) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Sends a GET with query parameters. */
export function get(base: string, path: string, query: Record<string, string>): Promise<PlainResponse> {
  return send(`${base}${path}?${new URLSearchParams(query)}`);
}

/** Sends a POST with a JSON body. */
export function post(base: string, path: string, body: unknown, headers: Record<string, string> = {}) {
  return send(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
