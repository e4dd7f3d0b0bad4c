import { type TrackedEnvelope, tracked } from '@trpc/server';
import type { WatchOptions } from '../live/watch.ts';
import type { StreamContext } from './context.ts';

/** Returns how a subscription watches. A direct call on the server has no stream, only its signal. */
export function streamOptions(
  ctx: { stream?: StreamContext | undefined },
  signal: AbortSignal | undefined,
): WatchOptions {
  return ctx.stream ?? { signal: signal ?? new AbortController().signal };
}

/** Leaves out that there is no state. */
export async function* known<State>(states: AsyncIterable<State | undefined>): AsyncGenerator<State> {
  for await (const state of states) if (state !== undefined) yield state;
}

/**
 * Yields states with their versions as ids, without the one that the caller has already. So an interrupted stream goes on
 * without a gap or a repetition, and nothing needs to be kept for it.
 *
 * @param versionOf a short text without line breaks
 */
export async function* changesOf<State>(
  states: AsyncIterable<State>,
  options: { ctx: { stream?: StreamContext | undefined }; versionOf: (state: State) => string },
): AsyncGenerator<TrackedEnvelope<State>, void, undefined> {
  let last = options.ctx.stream?.lastEventId ?? null;
  for await (const state of states) {
    const version = options.versionOf(state);
    if (version === last) continue;
    last = version;
    yield tracked(version, state);
  }
}
