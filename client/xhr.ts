import type { FetchWithProgress } from './upload-link.ts';

/** Sends a request with XMLHttpRequest: `fetch` does not report the progress of an upload. */
export const fetchByXhr: FetchWithProgress = (onProgress) => (url, init) => {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const request = new XMLHttpRequest();
  const { signal } = init ?? {};
  const abort = () => request.abort();
  request.open(init?.method ?? 'POST', String(url));
  for (const [name, value] of new Headers(Object.entries(init?.headers ?? {}))) {
    request.setRequestHeader(name, value);
  }
  request.upload.onprogress = ({ loaded, total }) => onProgress({ loaded, total });
  request.onload = () => {
    const { status, responseText } = request;
    resolve(new Response(responseText, { status, headers: { 'content-type': 'application/json' } }));
  };
  request.onerror = () => reject(new TypeError('Failed to fetch'));
  request.onabort = () => reject(signal?.reason ?? new DOMException('Aborted', 'AbortError'));
  request.onloadend = () => signal?.removeEventListener('abort', abort);
  if (signal?.aborted) return Promise.reject(signal.reason);
  signal?.addEventListener('abort', abort, { once: true });
  request.send(bodyOf(init?.body));
  return promise;
};

/** The bodies of calls. A stream cannot be sent this way. */
function bodyOf(body: unknown): XMLHttpRequestBodyInit | null {
  if (typeof body === 'string' || body instanceof FormData || body instanceof Blob) return body;
  return body instanceof Uint8Array ? new Uint8Array(body) : null;
}
