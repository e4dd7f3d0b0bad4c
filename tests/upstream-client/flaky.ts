import { json, respondOk, respondWith, type Script, startRawServer } from './raw-server.ts';
import { clientOf, oneEndpointAt, recordingObserver } from './support.ts';

export const failing = respondWith('500 No', json, '{}');

/** Sets up an upstream whose behaviour can change and whose calls are never retried, and a second, healthy upstream. */
export async function startFlaky() {
  const behaviour: { script: Script } = { script: failing };
  const { url, heads } = await startRawServer((socket, head) => behaviour.script(socket, head));
  const upstream = oneEndpointAt(url, { idempotency: 'none' });
  const well = oneEndpointAt((await startRawServer(respondOk)).url, {}, 'well');
  const { observer, breaker, attempts } = recordingObserver();
  const client = clientOf({}, { observer, upstreams: [upstream, well] });
  const ask = (signal?: AbortSignal) => client.request(upstream, upstream.endpoints.only, {}, { signal });
  const requestOther = () => client.request(well, well.endpoints.only, {});
  const times = async (count: number, script: Script) => {
    behaviour.script = script;
    for (let call = 0; call < count; call += 1) await ask().catch(() => undefined);
  };
  const states = () => client.status().map((status) => status.breaker);
  return { behaviour, heads, ask, requestOther, times, breaker, attempts, states };
}
