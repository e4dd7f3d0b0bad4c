/** The parts of a request. Arbitraries generate them; property tests send them over a socket or to a handler. */
export type RequestParts = {
  method: string;
  /** With the leading slash, as on the wire. */
  path: string;
  /** With the question mark, or empty. */
  query: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array<ArrayBuffer> | undefined;
};

/** Builds the Request that a server would receive. */
export function toRequest({ method, path, query, headers, body }: RequestParts): Request {
  const all = new Headers();
  for (const [name, value] of headers) all.append(name, value);
  return new Request(new URL(`http://localhost:3000${path}${query}`), {
    method,
    headers: all,
    ...(body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body }),
  });
}
