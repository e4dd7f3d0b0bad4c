import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { clientOf, failureOf, upstreamAt } from './support.ts';

const { connections, queue } = limits.upstream;

/** Starts a server that holds every request until `release`. */
async function startHolding() {
  const held: ServerResponse[] = [];
  let open = false;
  const respond = (response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  let requested = 0;
  const server = createServer((_, response) => {
    requested += 1;
    if (open) respond(response);
    else held.push(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    url: `http://127.0.0.1:${address.port}`,
    held,
    requested: () => requested,
    release() {
      open = true;
      for (const response of held.splice(0)) respond(response);
    },
  };
}

test('concurrency and queue of a slow upstream are bounded, further calls are rejected at once, and other upstreams are unaffected', async () => {
  const slow = await startHolding();
  const quick = await startHolding();
  quick.release();
  const client = clientOf();
  const upstream = { ...upstreamAt(slow.url), name: 'slow' };
  const ask = () => client.request(upstream, upstream.endpoints.json, {});

  const accepted = Array.from({ length: connections + queue }, ask);
  await expect.poll(() => slow.held.length).toBe(connections);

  const rejected = await failureOf(ask());
  expect(rejected.reason).toBe('upstream_overloaded');
  expect(rejected.retryAfterSeconds).toBeGreaterThan(0);
  expect(slow.held).toHaveLength(connections);

  const other = { ...upstreamAt(quick.url), name: 'quick' };
  expect((await client.request(other, other.endpoints.json, {})).data).toEqual({ ok: true });

  slow.release();
  const responses = await Promise.all(accepted);
  expect(responses.map(({ data }) => data)).toEqual(accepted.map(() => ({ ok: true })));
});

test('a queued call has a deadline and is not sent after it has passed', async () => {
  const slow = await startHolding();
  const client = clientOf();
  const upstream = upstreamAt(slow.url);
  const { json } = upstream.endpoints;
  const running = Array.from({ length: connections }, () => client.request(upstream, json, {}));
  await expect.poll(() => slow.held.length).toBe(connections);
  const waiting = client.request(upstream, { ...json, deadline: 50 }, {});
  expect(await failureOf(waiting)).toMatchObject({ reason: 'upstream_timeout', fault: 'waited' });
  expect(slow.held).toHaveLength(connections);
  slow.release();
  await Promise.all(running);
  expect(slow.requested()).toBe(connections);
});
