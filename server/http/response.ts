import { Readable } from 'node:stream';

/** Response headers by lower-case name. */
export type ResponseHeaders = Record<string, string>;

/**
 * The response of a route. A web Response wraps its body in a stream on construction and validates each header, which
 * costs more than everything else in a small response. It is therefore created only for Next, by `toResponse`.
 */
export type HttpResponse = {
  status: number;
  headers: ResponseHeaders;
  body: string | Uint8Array<ArrayBuffer> | Readable | null;
  /** Values of Set-Cookie headers. Of the raw routes, only those of sign-in set cookies. */
  cookies?: readonly string[];
  /** Policies of a page: what it may load, and which URLs get a Referer from it. Other responses load nothing. */
  page?: { contentPolicy: string; referrerPolicy: 'no-referrer' | 'same-origin' };
};

/** A response whose body is not a stream. */
export type BufferedResponse = HttpResponse & { body: Exclude<HttpResponse['body'], Readable> };

export function toResponse({ status, headers, body, cookies = [] }: HttpResponse): Response {
  const response = new Response(body instanceof Readable ? webStreamOf(body) : body, { status, headers });
  for (const cookie of cookies) response.headers.append('set-cookie', cookie);
  return response;
}

/** Converts a Node stream with backpressure: a chunk is read only when the consumer asks for one. */
function webStreamOf(stream: Readable): ReadableStream<Uint8Array> {
  const chunks = stream.iterator();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => void stream.destroy(),
    },
    { highWaterMark: 0 },
  );
}

export function jsonResponse(
  value: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: ResponseHeaders } = {},
): HttpResponse & { body: string } {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** Adds a field to Vary unless it is already present. */
export function addVary(headers: ResponseHeaders, field: string): void {
  if (headers.vary === undefined) {
    headers.vary = field;
    return;
  }
  const fields = headers.vary.toLowerCase().split(/,\s*/);
  if (fields.includes(field.toLowerCase()) || fields.includes('*')) return;
  headers.vary = `${headers.vary}, ${field}`;
}
