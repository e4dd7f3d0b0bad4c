import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Send } from './browser.ts';

/** Sends a request on a connection of its own, so that any worker may get it. `fetch` would set Sec-Fetch-Mode itself. */
export const send: Send = (url, { method = 'GET', headers, body } = {}) =>
  new Promise((resolve, reject) => {
    const payload = body instanceof URLSearchParams || typeof body === 'string' ? String(body) : undefined;
    const outgoing = request(url, {
      method,
      agent: false,
      headers: {
        ...(body instanceof URLSearchParams ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        ...Object.fromEntries(new Headers(headers)),
        ...(payload === undefined ? {} : { 'content-length': String(Buffer.byteLength(payload)) }),
      },
    });
    outgoing.once('error', reject);
    outgoing.once('response', (incoming) => {
      const received = Object.entries(incoming.headersDistinct).flatMap(([name, values = []]) =>
        values.map((value): [string, string] => [name, value]),
      );
      const { statusCode = 0 } = incoming;
      text(incoming).then((content) => {
        const isEmpty = statusCode === 204 || statusCode === 303;
        resolve(new Response(isEmpty ? null : content, { status: statusCode, headers: received }));
      }, reject);
    });
    outgoing.end(payload);
  });
