import { Refusal } from './refusal.ts';

/**
 * Reads a body up to a size that is counted while reading: what Content-Length says is the caller's word.
 *
 * @returns undefined when there is none
 * @throws Refusal `payload_too_large`; the rest of the body is cancelled, not read
 */
export async function readBody(
  request: Request,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (!request.body) return undefined;
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      throw new Refusal('payload_too_large', { message: `The body is larger than ${maxBytes} bytes.` });
    }
    chunks.push(part.value);
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    body.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return body;
}
