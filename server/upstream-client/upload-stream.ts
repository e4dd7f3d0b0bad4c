import { Readable } from 'node:stream';
import type { Watchdog } from './watchdog.ts';

/** Request body of an upload, read from the caller at the pace of the upstream. */
export class UploadStream {
  readonly readable: Readable;
  /** Error while reading the caller's body. Undefined if there was none. */
  error: unknown;

  /** @param options.stall watchdog that runs while a chunk waits for the upstream to accept it */
  constructor(
    body: AsyncIterable<Uint8Array>,
    { stall, sent }: { stall: Watchdog; sent: (bytes: number) => void },
  ) {
    const fail = (error: unknown) => {
      this.error = error;
    };
    async function* pass() {
      let isSending = false;
      try {
        for await (const chunk of body) {
          stall.start();
          isSending = true;
          yield chunk;
          isSending = false;
          stall.stop();
          sent(chunk.byteLength);
        }
      } catch (error) {
        // The HTTP library throws its own error at the `yield` if the connection fails.
        if (!isSending) fail(error);
        throw error;
      } finally {
        stall.stop();
      }
    }
    this.readable = Readable.from(pass(), { objectMode: false, highWaterMark: 64 * 1024 });
  }
}
