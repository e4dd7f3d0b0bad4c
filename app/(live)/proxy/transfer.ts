import { TRPCClientError } from '@trpc/client';

/** How far a transfer is, in bytes; `total` where it is known. */
export type Progress = { done: number; total: number | undefined };

type Watch = { signal: AbortSignal; onProgress: (progress: Progress) => void };

/**
 * Fetches a file into the browser's memory.
 *
 * @throws TRPCClientError with the envelope of a refusal; TypeError when the connection ended before the file did
 */
export async function download(url: string, { signal, onProgress }: Watch): Promise<Blob> {
  const response = await fetch(url, { signal });
  if (!response.ok) throw failure(await response.text());
  const length = response.headers.get('content-length');
  const total = length === null ? undefined : Number(length);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body?.getReader();
  for (let done = 0; reader; ) {
    const part = await reader.read();
    if (part.done) break;
    chunks.push(part.value);
    done += part.value.byteLength;
    onProgress({ done, total });
  }
  return new Blob(chunks);
}

/**
 * Sends a file. Not by fetch, which does not tell how far it is.
 *
 * @returns the answer's text
 * @throws TRPCClientError with the envelope of a refusal; TypeError when the connection failed
 */
export function upload(
  url: string,
  method: string,
  file: Blob,
  { signal, onProgress }: Watch,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.onprogress = ({ loaded, total }) => onProgress({ done: loaded, total });
    request.onload = () => {
      if (request.status < 400) resolve(request.responseText);
      else reject(failure(request.responseText));
    };
    request.onerror = () => reject(new TypeError('the connection failed'));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}

/** Gives the browser a file to save. */
export function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Once the browser has begun to read it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function failure(text: string): Error {
  const { error } = parse(text);
  return TRPCClientError.from({
    error: error?.json ?? { message: 'The server gave no answer that can be read.' },
  });
}

function parse(text: string): { error?: { json?: object } } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
