import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Texts as long as the product's, so that what is sent weighs the same. */
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

/** @returns false when the path is no text's */
export function conditionalText(request: IncomingMessage, response: ServerResponse): boolean {
  const text = texts.find(({ path }) => path === request.url);
  if (!text) return false;
  const known = request.headers['if-none-match'];
  if (known === '*' || known?.split(/,\s*/).includes(text.etag)) {
    response.writeHead(304, { etag: text.etag, 'cache-control': text.headers['cache-control'] });
    response.end();
  } else {
    response.writeHead(200, { ...text.headers, 'content-length': text.body.byteLength });
    response.end(text.body);
  }
  return true;
}
