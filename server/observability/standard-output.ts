import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

export type LogOutput = {
  write(line: string): void;
  /** Writes the buffered lines, as far as the reader takes them. */
  flush(): void;
  /** Number of lines that were dropped because the reader of the log did not keep up. */
  readonly dropped: number;
};

const newline = 0x0a;

type Options = {
  /** Maximum size of one write, in characters. */
  pieceLength: number;
  /** Maximum time that a line is buffered, in milliseconds. */
  delay: number;
  /** Maximum size of the lines that wait for a reader that does not keep up, in bytes. Further lines are dropped. */
  queueLength: number;
  /** Milliseconds until a write that the reader did not take is tried again. */
  retryInterval: number;
};

/**
 * Buffers lines for a short time and writes them together, because a separate write for each line takes longer than
 * the rest of a small call. The buffer is flushed when the process exits, but is lost if a signal kills it.
 *
 * If standard output is a pipe whose reader stalls, a write would block the process. Lines wait for the reader instead,
 * and are dropped and counted once too many wait.
 */
export function createLogOutput(descriptor: number, options: Options): LogOutput {
  const { pieceLength, delay, queueLength, retryInterval } = options;
  const target = openWithoutBlocking(descriptor);
  /** Bytes that the reader has not taken yet. */
  const waiting: Buffer[] = [];
  let waitingLength = 0;
  let buffered = '';
  let bufferedLines = 0;
  let dropped = 0;
  let isRetrying = false;
  /** True after a line was written in part and its rest dropped. */
  let isTorn = false;

  /** Returns the number of bytes written or dropped: fewer than given if the reader takes no more at the moment. */
  function writeSome(bytes: Buffer): number {
    let written = 0;
    try {
      // Ends the torn line, so that only this one is lost.
      if (isTorn) writeSync(target, '\n');
      isTorn = false;
      while (written < bytes.length) written += writeSync(target, bytes, written);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return written;
      // The reader is gone (EPIPE), or the disk is full: the product goes on without its log.
      dropped += bytes.subarray(written).toString().split('\n').length - 1;
      isTorn ||= written > 0 && bytes[written - 1] !== newline;
      return bytes.length;
    }
    return written;
  }

  function drain(): void {
    for (let first = waiting.shift(); first; first = waiting.shift()) {
      const written = writeSome(first);
      waitingLength -= written;
      if (written === first.length) continue;
      waiting.unshift(first.subarray(written));
      if (!isRetrying) setTimeout(retryDrain, retryInterval).unref();
      isRetrying = true;
      return;
    }
  }

  function retryDrain(): void {
    isRetrying = false;
    drain();
  }

  function flush(): void {
    if (buffered !== '') {
      const bytes = Buffer.from(buffered);
      if (waitingLength + bytes.length > queueLength) dropped += bufferedLines;
      else {
        waiting.push(bytes);
        waitingLength += bytes.length;
      }
      buffered = '';
      bufferedLines = 0;
    }
    drain();
  }

  return {
    write(line) {
      if (buffered.length + line.length > pieceLength) flush();
      if (buffered === '') setTimeout(flush, delay).unref();
      buffered += line;
      bufferedLines += 1;
    },
    flush,
    get dropped() {
      return dropped;
    },
  };
}

/**
 * Returns a descriptor whose writes fail instead of blocking when the reader does not take more. A pipe is opened a
 * second time, because the flag of the descriptor itself also applies to other processes that share it, such as a shell.
 * A socket, which a service manager or a Node process may use, cannot be opened again. Files never block.
 */
function openWithoutBlocking(descriptor: number): number {
  try {
    const stats = fstatSync(descriptor);
    if (stats.isFIFO())
      return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK);
    // Opening the descriptor as a socket sets the flag.
    if (stats.isSocket()) new Socket({ fd: descriptor, readable: false, writable: true }).unref();
  } catch {
    // On other systems than Linux, writes to pipes may block.
  }
  return descriptor;
}
