/** A request before it is one: what arbitraries make and both kinds of property tests send. */
export type Sent = {
  method: string;
  /** With the leading slash, as it stands on the wire. */
  path: string;
  /** With the question mark, or empty. */
  query: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: Uint8Array<ArrayBuffer> | undefined;
};

/** The Request that a server would make of it. */
export function toRequest({ method, path, query, headers, body }: Sent): Request {
  const all = new Headers();
  for (const [name, value] of headers) all.append(name, value);
  return new Request(new URL(`http://localhost:3000${path}${query}`), {
    method,
    headers: all,
    ...(body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body }),
  });
}
