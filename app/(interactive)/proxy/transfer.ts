import { TRPCClientError } from '@trpc/client';

/** The progress of a transfer in bytes. `total` is undefined if the size is unknown. */
export type Progress = { transferred: number; total: number | undefined };

type Watch = { signal: AbortSignal; onProgress: (progress: Progress) => void };
type Options = Watch & {
  /** Empty if the endpoint requires none. */
  serviceKey: string;
};

/**
 * Downloads a file into the browser's memory.
 *
 * @throws TRPCClientError with the server's error response; TypeError if the connection closes before the end of file
 */
export async function download(url: string, { signal, onProgress, serviceKey }: Options): Promise<Blob> {
  const response = await fetch(url, { signal, headers: authorizationOf(serviceKey) });
  if (!response.ok) throw failure(await response.text());
  const length = response.headers.get('content-length');
  const total = length === null ? undefined : Number(length);
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body?.getReader();
  for (let transferred = 0; reader; ) {
    const part = await reader.read();
    if (part.done) break;
    chunks.push(part.value);
    transferred += part.value.byteLength;
    onProgress({ transferred, total });
  }
  return new Blob(chunks);
}

/**
 * Uploads a file by XMLHttpRequest, because fetch has no upload progress.
 *
 * @returns the body of the response
 * @throws TRPCClientError with the server's error response; TypeError if the connection fails
 */
export function upload(
  url: string,
  method: string,
  file: Blob,
  { signal, onProgress, serviceKey }: Options,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader('content-type', file.type || 'application/octet-stream');
    for (const [name, value] of Object.entries(authorizationOf(serviceKey))) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = ({ loaded, total }) => onProgress({ transferred: loaded, total });
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

function authorizationOf(serviceKey: string): Record<string, string> {
  return serviceKey === '' ? {} : { authorization: `Bearer ${serviceKey}` };
}

/** Saves a file through the browser's download. */
export function save(file: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser needs the URL until it has started to read the file.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function failure(text: string): Error {
  const { error } = parse(text);
  return TRPCClientError.from({
    error: error?.json ?? { message: 'The server sent an unreadable response.' },
  });
}

function parse(text: string): { error?: { json?: object } } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
