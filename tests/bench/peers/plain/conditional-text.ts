import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Texts of the same length as the product's, so that responses have the same size. */
const texts = [
  {
    path: '/rss.xml',
    type: 'application/rss+xml; charset=utf-8',
    length: Number(process.env.RSS_LENGTH ?? 0),
  },
  { path: '/llms.txt', type: 'text/plain; charset=utf-8', length: Number(process.env.LLMS_LENGTH ?? 0) },
].map(({ path, type, length }) => {
  const body = Buffer.alloc(length, 'text ');
  const etag = `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  return { path, body, etag, headers: { 'content-type': type, etag, 'cache-control': 'public, max-age=60' } };
});

/** @returns false when no text has this path */
export function conditionalText(request: IncomingMessage, response: ServerResponse): boolean {
  const text = texts.find(({ path }) => path === request.url);
  if (!text) return false;
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch === '*' || ifNoneMatch?.split(/,\s*/).includes(text.etag)) {
    response.writeHead(304, { etag: text.etag, 'cache-control': text.headers['cache-control'] });
    response.end();
  } else {
    response.writeHead(200, { ...text.headers, 'content-length': text.body.byteLength });
    response.end(text.body);
  }
  return true;
}
