import fc from 'fast-check';
import { procedures } from '#server/trpc/procedure-registry.ts';
import type { RequestParts } from './request-parts.ts';
import { wireInput } from './values.ts';

/** A subscription goes on until its client leaves: tests/live has tests of its own. */
const names = [...procedures.values()].filter(({ type }) => type !== 'subscription').map(({ path }) => path);

const known = fc.constantFrom(...names);
const segment = fc.oneof(
  { weight: 5, arbitrary: known },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', 'fixture', 'nothing.here', '__proto__', 'constructor.toString'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('%', '%zz', '%E0%A4', '%00', '%2C', '%2e%2e', 'fixture%2Erequest'),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 10, unit: 'grapheme' }).map(encodeURI) },
);

/** A path of the tRPC route, or nearly one. */
const trpcPath = fc.oneof(
  { weight: 6, arbitrary: known.map((name) => `/api/trpc/${name}`) },
  {
    weight: 5,
    arbitrary: fc
      .tuple(fc.array(segment, { minLength: 1, maxLength: 12 }), fc.constantFrom(',', '%2C', '%2c'))
      .map(([parts, comma]) => `/api/trpc/${parts.join(comma)}`),
  },
  { weight: 1, arbitrary: segment.map((text) => `/api/trpc/${text}/`) },
  { weight: 1, arbitrary: segment.map((text) => `/api/trpc/${text}`) },
);

const method = fc.oneof(
  { weight: 4, arbitrary: fc.constant('GET') },
  { weight: 8, arbitrary: fc.constant('POST') },
  { weight: 2, arbitrary: fc.constantFrom('HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS') },
);

const encodedInput = wireInput.map((text) => encodeURIComponent(text).slice(0, 9000));
const query = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 3, arbitrary: fc.constant('?batch=1') },
  { weight: 2, arbitrary: encodedInput.map((input) => `?input=${input}`) },
  {
    weight: 2,
    arbitrary: fc
      .array(wireInput, { maxLength: 4 })
      .map((inputs) => encodeURIComponent(`{${inputs.map((text, at) => `"${at}":${text}`).join(',')}}`))
      .map((input) => `?batch=1&input=${input.slice(0, 9000)}`),
  },
  { weight: 1, arbitrary: encodedInput.map((input) => `?batch=1&connectionParams=${input}`) },
  { weight: 1, arbitrary: fc.webQueryParameters().map((text) => `?${text}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('?', '?batch', '?batch=1&batch=2', '?input=%', '?input', '?lastEventId=1'),
  },
);

const value = fc
  .string({ maxLength: 40, unit: 'binary-ascii' })
  .map((text) => text.replaceAll(/[\0\r\n]/g, ''));
const header = (name: string, ...values: string[]): fc.Arbitrary<readonly [string, string]> =>
  fc
    .oneof({ weight: 4, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: value })
    .map((text) => [name, text] as const);

const contentType = fc.oneof(
  { weight: 9, arbitrary: fc.constant(['content-type', 'application/json'] as const) },
  {
    weight: 3,
    arbitrary: header(
      'content-type',
      'Application/JSON; charset="UTF-8"',
      'application/json; charset=latin1',
      'multipart/form-data; boundary=b',
      'multipart/form-data',
      'application/octet-stream',
      'application/x-www-form-urlencoded',
      'text/plain',
      'application/jsonl',
      '',
    ),
  },
);

const otherHeader = fc.oneof(
  header('origin', 'http://localhost:3000', 'https://evil.example', 'null', ''),
  header('sec-fetch-site', 'same-origin', 'same-site', 'cross-site', 'none', 'nonsense'),
  header('authorization', 'Bearer x', 'Basic eDp5', 'Bearer', 'bearer  a b'),
  header('x-request-id', 'request-12345', 'short', 'a'.repeat(200), '{"a":1}'),
  header('content-encoding', 'gzip', 'identity', 'br'),
  header('accept', 'application/json', 'application/jsonl', 'text/html', '*/*'),
  header('trpc-accept', 'application/jsonl', 'application/json'),
  header('x-forwarded-for', '203.0.113.7', '::1, 10.0.0.1', 'garbage'),
  header('last-event-id', '1'),
  header('x-trpc-source', 'fuzz'),
  header('cookie', 'place=%7B', 'a=b; a=b'),
  header('user-agent', 'fuzz/1.0'),
  header('idempotency-key', 'a'.repeat(8)),
);

const multipartBody = fc
  .dictionary(fc.constantFrom('email', 'contents', 'name', '__proto__', 'file'), fc.string({ maxLength: 30 }))
  .map((fields) =>
    Object.entries(fields)
      .map(([name, text]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`)
      .join(''),
  )
  .map((text) => `${text}--b--\r\n`);

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const body: fc.Arbitrary<Uint8Array<ArrayBuffer> | undefined> = fc.oneof(
  { weight: 6, arbitrary: wireInput.map(bytes) },
  {
    weight: 4,
    arbitrary: fc
      .array(fc.tuple(fc.oneof(fc.nat(11).map(String), fc.string({ maxLength: 4 })), wireInput), {
        maxLength: 11,
      })
      .map((inputs) => bytes(`{${inputs.map(([at, text]) => `${JSON.stringify(at)}:${text}`).join(',')}}`)),
  },
  { weight: 1, arbitrary: multipartBody.map(bytes) },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 200 }).map((array) => new Uint8Array(array)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 100 }).map(bytes) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(65_536, 65_537, 200_000).map((size) => bytes(`"${'a'.repeat(size - 2)}"`)),
  },
  { weight: 1, arbitrary: fc.constant(undefined) },
);

/** Makes fast-check report the body as text instead of thousands of numbers. */
function withReadableReport(parts: RequestParts): RequestParts & { [fc.toStringMethod]: () => string } {
  const { method, path, query, headers, body } = parts;
  const text =
    body === undefined
      ? 'no body'
      : `${body.byteLength} bytes ${new TextDecoder().decode(body).slice(0, 400)}`;
  return {
    ...parts,
    [fc.toStringMethod]: () => `${method} ${path}${query} ${JSON.stringify(headers)} ${text}`,
  };
}

/** Any request to the tRPC route. */
export const requestArbitrary: fc.Arbitrary<RequestParts> = fc
  .record({
    method,
    path: trpcPath,
    query,
    headers: fc
      .tuple(fc.option(contentType, { freq: 8 }), fc.array(otherHeader, { maxLength: 3 }))
      .map(([type, others]) => (type === null ? others : [type, ...others])),
    body,
  })
  .map(withReadableReport);
