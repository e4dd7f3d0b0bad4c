import type { IncomingMessage } from 'node:http';

export type BodyRead =
  | { readonly kind: 'complete'; readonly text: string }
  /** `text` holds the chunks within the limit. The rest is drained and dropped. */
  | { readonly kind: 'too-large'; readonly text: string }
  /** The sender disconnected. */
  | { readonly kind: 'aborted' };

/** Reads a body as UTF-8 text, at most `limit` bytes. Never rejects. */
export function readBody(request: IncomingMessage, limit: number): Promise<BodyRead> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const text = () => Buffer.concat(chunks).toString('utf8');
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else resolve({ kind: 'too-large', text: text() });
    });
    request.on('end', () => resolve({ kind: 'complete', text: text() }));
    request.on('error', () => resolve({ kind: 'aborted' }));
    request.on('close', () => resolve({ kind: 'aborted' }));
  });
}
