import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** A fault of a download. Bodies shorter than `afterBytes` arrive completely. */
export type DownloadFault =
  /** Resets the connection (RST) after this many bytes of the body. A slow reader loses some of them. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Sends nothing more after this many bytes of the body and keeps the connection open. */
  | { readonly kind: 'stall'; readonly afterBytes: number };

/** A reset discards bytes that the client has not read yet. */
const TIME_TO_READ_MS = 30;

/** Sends a body one piece at a time. Returns the number of bytes that the connection accepted. */
export async function sendPieces(
  response: ServerResponse,
  pieces: Iterable<Uint8Array>,
  fault: DownloadFault | undefined,
): Promise<{ bytes: number; complete: boolean }> {
  // Sent before the first piece, which a fault may withhold.
  response.flushHeaders();
  let bytes = 0;
  for (const piece of pieces) {
    const remaining = fault === undefined ? piece.length : fault.afterBytes - bytes;
    const part = piece.subarray(0, remaining);
    if (part.length > 0 && !(await written(response, part))) return { bytes, complete: false };
    bytes += part.length;
    if (fault !== undefined && part.length < piece.length) {
      if (fault.kind === 'cut') await reset(response);
      else await closed(response);
      return { bytes, complete: false };
    }
  }
  response.end();
  return { bytes, complete: true };
}

/** Waits until the system has accepted the piece. Returns false if the peer has disconnected. */
function written(response: ServerResponse, piece: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const gone = () => resolve(false);
    response.once('close', gone);
    response.write(piece, (error) => {
      response.off('close', gone);
      resolve(!error);
    });
  });
}

async function reset(response: ServerResponse): Promise<void> {
  await pause(TIME_TO_READ_MS);
  response.socket?.resetAndDestroy();
}

function closed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (response.destroyed) resolve();
    else response.once('close', () => resolve());
  });
}
