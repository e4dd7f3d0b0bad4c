import { Readable } from 'node:stream';

/** Headers of an answer by their names in lower case. */
export type ResponseHeaders = Record<string, string>;

/**
 * What the door answers. The platform's own Response wraps every body in a stream as soon as it is made and checks each
 * header when it is set, which costs more than all the rest of a small answer; so one is made only for Next.
 */
export type HttpResponse = {
  status: number;
  headers: ResponseHeaders;
  body: string | Uint8Array<ArrayBuffer> | Readable | null;
};

/** One that is no stream. */
export type BufferedResponse = HttpResponse & { body: Exclude<HttpResponse['body'], Readable> };

export function toResponse({ status, headers, body }: HttpResponse): Response {
  return new Response(body instanceof Readable ? webStreamOf(body) : body, { status, headers });
}

/** Read only as fast as it is taken. */
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

/** Adds a field to Vary unless it is there. */
export function addVary(headers: ResponseHeaders, field: string): void {
  if (headers.vary === undefined) {
    headers.vary = field;
    return;
  }
  const fields = headers.vary.toLowerCase().split(/,\s*/);
  if (fields.includes(field.toLowerCase()) || fields.includes('*')) return;
  headers.vary = `${headers.vary}, ${field}`;
}
