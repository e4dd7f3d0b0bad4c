import { finished, Readable } from 'node:stream';
import type { HttpResponse } from '../../http/response.ts';
import type { RequestScope } from '../../observability/request-scope.ts';
import { type Calls, startCalls } from './call-procedures.ts';
import { headLine, jsonLinesType, linesFormat } from './json-lines.ts';

/**
 * Runs the calls of a batch and streams their results as JSON lines, each as soon as its call has ended. The status is
 * always 200. The response begins with the first result, so that its headers contain the rate limits. A slow reader
 * delays no call. When the client disconnects, the signal cancels the calls.
 */
export async function streamCalls(calls: Calls, scope: RequestScope): Promise<HttpResponse> {
  const { signal } = calls;
  const lines = startCalls(calls, linesFormat).map(async (result) => {
    const { text } = await result;
    scope.bytesOut += Buffer.byteLength(text);
    return text;
  });
  await Promise.race(lines);
  // The reader gets one chunk at a time.
  const body = Readable.from(chunksOf(lines), { highWaterMark: 1 });
  const destroy = () => void body.destroy();
  signal.addEventListener('abort', destroy, { once: true });
  const { promise, resolve } = Promise.withResolvers<void>();
  scope.streamed = promise;
  finished(body, () => {
    signal.removeEventListener('abort', destroy);
    resolve();
  });
  return {
    status: 200,
    headers: {
      'content-type': jsonLinesType,
      'cache-control': 'private, no-store',
      // nginx would otherwise collect the whole response before it passes it on.
      'x-accel-buffering': 'no',
    },
    body,
  };
}

/** Yields the first line and those of the calls. Lines that are ready at the same time share a chunk. */
async function* chunksOf(lines: readonly Promise<string>[]): AsyncGenerator<Buffer> {
  let ready = [headLine(lines.length)];
  let change = Promise.withResolvers<void>();
  for (const line of lines) {
    void line.then((text) => {
      ready.push(text);
      change.resolve();
    });
  }
  let missing = lines.length + 1;
  while (missing > 0) {
    await change.promise;
    const chunk = ready;
    ready = [];
    change = Promise.withResolvers();
    missing -= chunk.length;
    yield Buffer.from(chunk.join(''));
  }
}
