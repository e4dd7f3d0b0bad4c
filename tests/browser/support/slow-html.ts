import { setTimeout as delay } from 'node:timers/promises';
import { type Listening, listenOnLoopback } from '#tests/support/upstreams/loopback.ts';

/** Milliseconds: several frames. */
const pause = 100;

/**
 * Starts a server in front of the product at `origin` that pauses a page before the label of each button and before the
 * content of the footer, as a slow connection or a busy browser may. It answers GET requests and forwards no cookies.
 */
export function startSlowHtml(origin: string): Promise<Listening> {
  return listenOnLoopback(async (incoming, outgoing) => {
    const response = await fetch(`${origin}${incoming.url}`);
    const type = response.headers.get('content-type') ?? '';
    outgoing.writeHead(response.status, { 'content-type': type });
    const body = Buffer.from(await response.arrayBuffer());
    const parts = type.startsWith('text/html')
      ? body.toString().split(/(?<=<(?:button|footer)[^>]*>)/)
      : [body];
    for (const part of parts) {
      outgoing.write(part);
      if (parts.length > 1) await delay(pause);
    }
    outgoing.end();
  });
}
