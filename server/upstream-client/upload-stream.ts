import { Readable } from 'node:stream';
import type { Watchdog } from './watchdog.ts';

/** Request body of an upload, read from the caller at the pace of the upstream. */
export class UploadStream {
  readonly readable: Readable;
  /** Error of the caller's side. Undefined if it did not fail. */
  error: unknown;

  /** @param options.stall runs while the upstream does not take a chunk */
  constructor(
    body: AsyncIterable<Uint8Array>,
    { stall, sent }: { stall: Watchdog; sent: (bytes: number) => void },
  ) {
    const fail = (error: unknown) => {
      this.error = error;
    };
    async function* pass() {
      try {
        for await (const chunk of body) {
          stall.start();
          yield chunk;
          stall.stop();
          sent(chunk.byteLength);
        }
      } catch (error) {
        fail(error);
        throw error;
      } finally {
        stall.stop();
      }
    }
    this.readable = Readable.from(pass(), { objectMode: false, highWaterMark: 64 * 1024 });
  }
}
