import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { clientOf, failureOf, upstreamAt } from './support.ts';

const { connections, queue } = limits.upstream;

/** A server that holds every request until it is told to answer them all. */
async function startHolding() {
  const held: ServerResponse[] = [];
  let open = false;
  const answer = (response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    if (open) answer(response);
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
    asked: () => asked,
    release() {
      open = true;
      for (const response of held.splice(0)) answer(response);
    },
  };
}

test('a slow upstream gets so many requests and no more; what cannot wait is refused at once; others are unharmed', async () => {
  const slow = await startHolding();
  const quick = await startHolding();
  quick.release();
  const client = clientOf();
  const upstream = { ...upstreamAt(slow.url), name: 'slow' };
  const ask = () => client.request(upstream, upstream.endpoints.json, {});

  const accepted = Array.from({ length: connections + queue }, ask);
  await expect.poll(() => slow.held.length).toBe(connections);

  const refused = await failureOf(ask());
  expect(refused.reason).toBe('upstream_overloaded');
  expect(refused.retryAfterSeconds).toBeGreaterThan(0);
  expect(slow.held).toHaveLength(connections);

  const other = { ...upstreamAt(quick.url), name: 'quick' };
  expect((await client.request(other, other.endpoints.json, {})).data).toEqual({ ok: true });

  slow.release();
  const answers = await Promise.all(accepted);
  expect(answers.map(({ data }) => data)).toEqual(accepted.map(() => ({ ok: true })));
});

test('what waits for a connection has a deadline too, and is never sent when that has passed', async () => {
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
  expect(slow.asked()).toBe(connections);
});
