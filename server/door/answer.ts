/** Headers of an answer by their names in lower case. */
export type AnswerHeaders = Record<string, string>;

/**
 * What the door answers. The platform's own Response wraps every body in a stream as soon as it is made and checks each
 * header when it is set, which costs more than all the rest of a small answer; so one is made only for Next.
 */
export type Answer = {
  status: number;
  headers: AnswerHeaders;
  body: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | null;
};

/** One that is no stream. */
export type WholeAnswer = Answer & { body: Exclude<Answer['body'], ReadableStream> };

export function toResponse({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers });
}

export function jsonAnswer(
  value: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: AnswerHeaders } = {},
): Answer & { body: string } {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** Adds a field to Vary unless it is there. */
export function addVary(headers: AnswerHeaders, field: string): void {
  if (headers.vary === undefined) {
    headers.vary = field;
    return;
  }
  const fields = headers.vary.toLowerCase().split(/,\s*/);
  if (fields.includes(field.toLowerCase()) || fields.includes('*')) return;
  headers.vary = `${headers.vary}, ${field}`;
}
