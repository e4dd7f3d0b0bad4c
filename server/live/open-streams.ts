import { limits } from '../config/limits.ts';
import { defineSingleton } from '../lib/singleton.ts';
import { lifecycle } from '../process/lifecycle.ts';

/** The open streams of this process. Their ends are called when the process stops. */
const openStreams = defineSingleton('open-streams', () => new Set<() => void>()).get();

/**
 * Registers a stream.
 *
 * @param end ends it without the mark of its end, so that its client comes back
 * @returns a function that removes it
 */
export function registerStream(end: () => void): () => void {
  openStreams.add(end);
  return () => void openStreams.delete(end);
}

export function openStreamCount(): number {
  return openStreams.size;
}

/** Returns whether this process is about to stop: a new stream would end at once. */
export function isLeaving(): boolean {
  return lifecycle.draining || lifecycle.handingOver;
}

/** Ends all streams, spread over `limits.live.drainTime`, so that their clients do not all come back at once. */
export function drainStreams(): void {
  for (const end of openStreams) setTimeout(end, Math.random() * limits.live.drainTime).unref();
}

// The node server drains them itself. `next start` alone would wait for each response.
if (process.env.NEXT_RUNTIME === 'nodejs' && !lifecycle.hasNodeServer) process.once('SIGTERM', drainStreams);
