import { vi } from 'vitest';
import { answering, json, okay, type Script, startRawServer } from './raw-server.ts';
import { clientOf, oneEndpointAt, recordingObserver } from './support.ts';

export const failing = answering('500 No', json, '{}');

/** Where `Date` is faked. */
export const advance = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

/** An upstream whose behaviour can be changed, which is asked once for each call, beside one that is well. */
export async function startFickle() {
  const behaviour: { script: Script } = { script: failing };
  const { url, heads } = await startRawServer((socket, head) => behaviour.script(socket, head));
  const upstream = oneEndpointAt(url, { idempotency: 'none' });
  const well = oneEndpointAt((await startRawServer(okay)).url, {}, 'well');
  const { observer, breaker, tried } = recordingObserver();
  const client = clientOf({}, { observer, upstreams: [upstream, well] });
  const ask = (signal?: AbortSignal) => client.request(upstream, upstream.endpoints.only, {}, { signal });
  const askOther = () => client.request(well, well.endpoints.only, {});
  const times = async (count: number, script: Script) => {
    behaviour.script = script;
    for (let call = 0; call < count; call += 1) await ask().catch(() => undefined);
  };
  const states = () => client.status().map((status) => status.breaker);
  return { behaviour, heads, ask, askOther, times, breaker, tried, states };
}
