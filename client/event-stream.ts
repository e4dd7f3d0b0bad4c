import type { SuperJSONResult } from 'superjson';

/** An event of a stream of several subscriptions. `call` is the index of the subscription in the request. */
export type StreamEvent =
  | { call: number; id: string; data: SuperJSONResult }
  | { call: number; error: { json: object } }
  | { call: number; end: true };

/**
 * Reads the events of a stream.
 *
 * @param onBytes called for each chunk, also for one that only shows that the stream is alive
 */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  handlers: { onEvent: (event: StreamEvent) => void; onBytes: () => void },
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    handlers.onBytes();
    const events = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = events.pop() ?? '';
    for (const event of events) {
      // Other lines than data belong to events for tRPC's own clients, which have an `event` line.
      if (!event.startsWith('data: ')) continue;
      handlers.onEvent(JSON.parse(event.slice('data: '.length)));
    }
  }
}
