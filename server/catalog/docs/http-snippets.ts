import { trpcEndpoint } from '../../config/paths.ts';
import { cookieNameOf } from '../../http/cookie.ts';
import { sessionCookie } from '../../http/session-cookie.ts';
import type { CatalogEntry } from '../catalog.ts';

/** The parts of a procedure's description that its calls depend on. */
export type SnippetEntry = Pick<
  CatalogEntry,
  'path' | 'type' | 'methods' | 'scope' | 'user' | 'upload' | 'examples'
>;

/** A header whose value is a text, followed by the value of an environment variable if it is a secret. */
export type SnippetHeader = { name: string; text: string; variable?: 'BFF_KEY' | 'BFF_SESSION' };

/** The HTTP request of a procedure's first example, from which the samples of all languages are made. */
export type SnippetRequest = {
  method: 'GET' | 'POST';
  url: string;
  headers: readonly SnippetHeader[];
  /** Null for a GET. The text of an upload is the content of a file. */
  body: { json: unknown } | { text: string } | null;
};

/** Returns the request of the first example. An input is always sent in the body, where it is easier to read. */
export function requestOf(
  { path, methods, scope, user, upload, examples: [example] }: SnippetEntry,
  siteUrl: string,
): SnippetRequest {
  const url = `${siteUrl}${trpcEndpoint}/${path}`;
  const secrets: SnippetHeader[] = [
    ...(scope === null
      ? []
      : [{ name: 'authorization', text: 'Bearer ', variable: 'BFF_KEY' } satisfies SnippetHeader]),
    ...(user === null
      ? []
      : [
          {
            name: 'cookie',
            text: `${cookieNameOf(sessionCookie, siteUrl)}=`,
            variable: 'BFF_SESSION',
          } satisfies SnippetHeader,
        ]),
  ];
  const post = (mediaType: string, body: SnippetRequest['body']): SnippetRequest => ({
    method: 'POST',
    url,
    headers: [{ name: 'content-type', text: mediaType }, ...secrets],
    body,
  });
  if (upload) return post('application/octet-stream', { text: 'Hello' });
  if (!example && methods[0] === 'GET') return { method: 'GET', url, headers: secrets, body: null };
  return post('application/json', { json: example ? plainJson(example.wire) : {} });
}

/** Returns the value as a recipient of its JSON sees it: without undefined. */
function plainJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
