import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

/** How a download misbehaves; what is shorter than `afterBytes` arrives whole. */
export type DownloadFault =
  /** The connection is reset (RST) after so many bytes of the body; a slow reader loses some of them. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Nothing more is sent after so many bytes of the body, the connection stays. */
  | { readonly kind: 'stall'; readonly afterBytes: number };

/** A reset throws away what was not read yet. */
const TIME_TO_READ_MS = 30;

/** Sends a body, one piece on the way at a time; gives back how much the connection took. */
export async function sendPieces(
  response: ServerResponse,
  pieces: Iterable<Uint8Array>,
  fault: DownloadFault | undefined,
): Promise<{ bytes: number; complete: boolean }> {
  // Before the first piece, which a fault may keep back.
  response.flushHeaders();
  let bytes = 0;
  for (const piece of pieces) {
    const room = fault === undefined ? piece.length : fault.afterBytes - bytes;
    const part = piece.subarray(0, room);
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

/** Waits until the system has taken the piece; false when the other side is gone. */
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
