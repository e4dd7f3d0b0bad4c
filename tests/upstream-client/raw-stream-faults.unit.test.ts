import type { Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import type { Fault } from '#server/upstream-client/failure.ts';
import { endlessHeaders, respondWithSecret, secret } from './misbehaviour.ts';
import { type Script, startRawServer, wire } from './raw-server.ts';
import { bytesType, rawUpstreamAt, readAll } from './raw-support.ts';
import { clientOf, recordingObserver, upstreamFailureOf } from './support.ts';

async function setUp(script: Script, deadline = 5_000) {
  const { url, heads } = await startRawServer(script);
  const { observer, attempts, calls } = recordingObserver();
  const upstream = rawUpstreamAt(url);
  const client = clientOf({}, { observer, upstreams: [upstream] });
  const endpoint = { ...upstream.endpoints.download, deadline };
  const ask = () =>
    client.stream(upstream, endpoint, { method: 'GET', signal: new AbortController().signal });
  return { ask, heads, attempts, calls, client };
}

const metadata = { ...bytesType, location: `http://169.254.169.254/${secret}` };
const later = { ...bytesType, 'retry-after': '1' };

describe('every misbehaviour before the body maps to a fault and is not retried', () => {
  test.each<[Fault, Script]>([
    ['reset', (socket) => socket.resetAndDestroy()],
    ['reset', (socket) => socket.end()],
    ['server_error', respondWithSecret(500, bytesType)],
    ['unavailable', respondWithSecret(503, bytesType)],
    ['unavailable', respondWithSecret(503, later)],
    ['throttled', respondWithSecret(429, later)],
    ['client_error', respondWithSecret(403, bytesType)],
    ['client_error', respondWithSecret(404, bytesType)],
    ['redirect', respondWithSecret(302, metadata)],
    ['media_type', respondWithSecret(200)],
    ['protocol', endlessHeaders],
    ['protocol', (socket) => socket.write(`SSH-2.0-${secret}\r\n\r\n`)],
  ])('%s', async (fault, script) => {
    const { ask, heads, attempts, calls } = await setUp(script);
    const failure = await upstreamFailureOf(ask());
    expect(failure.fault).toBe(fault);
    expect(heads).toHaveLength(1);
    expect(attempts).toEqual([`bytes ${fault}`]);
    expect(calls).toEqual([`bytes ${fault}`]);
    expect(String(failure.stack) + String(failure.cause)).not.toContain(secret);
  });

  test('a missing head fails at the deadline of its endpoint and closes the connection', async () => {
    const closed = Promise.withResolvers<void>();
    const startedAt = performance.now();
    const { ask, calls } = await setUp((socket) => socket.on('close', () => closed.resolve()), 300);
    expect(await upstreamFailureOf(ask())).toMatchObject({ fault: 'deadline', httpStatus: 504 });
    expect(performance.now() - startedAt).toBeLessThan(limits.upstream.maxDeadline);
    expect(calls).toEqual(['bytes deadline']);
    await closed.promise;
  });

  test('the deadline does not apply to the body', async () => {
    const { ask } = await setUp((socket) => {
      socket.write(wire('200 OK', { ...bytesType, 'content-length': '5' }));
      const timer = setTimeout(() => socket.write('bytes'), 700);
      socket.on('close', () => clearTimeout(timer));
    }, 300);
    expect(await readAll(await ask())).toEqual({ bytes: Buffer.from('bytes'), ended: 'whole' });
  });
});

describe('a body that is truncated before it is read fails when it is read', () => {
  const forms: [string, Buffer][] = [
    ['shorter than its Content-Length', wire('200 OK', { ...bytesType, 'content-length': '1000' }, 'begun')],
    [
      'without the last chunk',
      wire('200 OK', { ...bytesType, 'transfer-encoding': 'chunked' }, '5\r\nbegun\r\n'),
    ],
    [
      'without the last chunk, with Connection: close',
      wire('200 OK', { ...bytesType, 'transfer-encoding': 'chunked', connection: 'close' }, '5\r\nbegun\r\n'),
    ],
  ];
  const ends: [string, (socket: Socket) => unknown][] = [
    ['ended', (socket) => socket.end()],
    ['reset', (socket) => socket.resetAndDestroy()],
  ];

  test.each(forms.flatMap(([form, bytes]) => ends.map(([end, cut]) => [form, end, bytes, cut] as const)))(
    '%s, %s',
    async (_, __, bytes, cut) => {
      const uncaught: unknown[] = [];
      const note = (error: unknown) => uncaught.push(error);
      process.on('uncaughtExceptionMonitor', note);
      onTestFinished(() => void process.off('uncaughtExceptionMonitor', note));
      const held = Promise.withResolvers<Socket>();
      const closed = Promise.withResolvers<void>();
      const { ask, client } = await setUp((socket) => {
        socket.on('close', () => closed.resolve());
        socket.write(bytes);
        held.resolve(socket);
      });
      const response = await ask();
      cut(await held.promise);
      await closed.promise;
      // Waits for the error event of the body, which has no reader yet.
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect((await readAll(response)).ended).toMatch(/^(truncated|protocol)$/);
      expect(client.status()[0]?.streams).toBe(0);
      expect(uncaught).toEqual([]);
    },
  );
});
