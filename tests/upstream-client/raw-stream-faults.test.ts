import type { Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Fault } from '#server/upstream-client/failure.ts';
import { endlessHeaders, secret, telling } from './misbehaviour.ts';
import { type Script, startRawServer, wire } from './raw-server.ts';
import { bytesType, rawUpstreamAt, readAll } from './raw-support.ts';
import { clientOf, recordingObserver, upstreamFailureOf } from './support.ts';

async function setUp(script: Script, deadline = 5_000) {
  const { url, heads } = await startRawServer(script);
  const { observer, tried, called } = recordingObserver();
  const upstream = rawUpstreamAt(url);
  const client = clientOf({}, { observer, upstreams: [upstream] });
  const endpoint = { ...upstream.endpoints.download, deadline };
  const ask = () =>
    client.stream(upstream, endpoint, { method: 'GET', signal: new AbortController().signal });
  return { ask, heads, tried, called, client };
}

const metadata = { ...bytesType, location: `http://169.254.169.254/${secret}` };
const later = { ...bytesType, 'retry-after': '1' };

describe('every misbehaviour before the body has its fault, and no second try', () => {
  test.each<[Fault, Script]>([
    ['reset', (socket) => socket.resetAndDestroy()],
    ['reset', (socket) => socket.end()],
    ['server_error', telling(500, bytesType)],
    ['unavailable', telling(503, bytesType)],
    ['unavailable', telling(503, later)],
    ['throttled', telling(429, later)],
    ['client_error', telling(403, bytesType)],
    ['client_error', telling(404, bytesType)],
    ['redirect', telling(302, metadata)],
    ['media_type', telling(200)],
    ['protocol', endlessHeaders],
    ['protocol', (socket) => socket.write(`SSH-2.0-${secret}\r\n\r\n`)],
  ])('%s', async (fault, script) => {
    const { ask, heads, tried, called } = await setUp(script);
    const failure = await upstreamFailureOf(ask());
    expect(failure.fault).toBe(fault);
    expect(heads).toHaveLength(1);
    expect(tried).toEqual([`bytes ${fault}`]);
    expect(called).toEqual([`bytes ${fault}`]);
    expect(String(failure.stack) + String(failure.cause)).not.toContain(secret);
  });

  test('silence: the head has a deadline, and then the upstream is left', async () => {
    const closed = Promise.withResolvers<void>();
    const { ask, called } = await setUp((socket) => socket.on('close', () => closed.resolve()), 300);
    expect(await upstreamFailureOf(ask())).toMatchObject({ fault: 'deadline', httpStatus: 504 });
    expect(called).toEqual(['bytes deadline']);
    await closed.promise;
  });

  test('a body has none: it may take longer than its head', async () => {
    const { ask } = await setUp((socket) => {
      socket.write(wire('200 OK', { ...bytesType, 'content-length': '5' }));
      const timer = setTimeout(() => socket.write('bytes'), 700);
      socket.on('close', () => clearTimeout(timer));
    }, 300);
    expect(await readAll(await ask())).toEqual({ bytes: Buffer.from('bytes'), ended: 'whole' });
  });
});

describe('a body that is cut while nobody reads is told when somebody does', () => {
  const forms: [string, Buffer][] = [
    ['shorter than announced', wire('200 OK', { ...bytesType, 'content-length': '1000' }, 'begun')],
    [
      'without the last chunk',
      wire('200 OK', { ...bytesType, 'transfer-encoding': 'chunked' }, '5\r\nbegun\r\n'),
    ],
    [
      'without the last chunk before a close',
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
      const answer = await ask();
      cut(await held.promise);
      await closed.promise;
      // The error of a body that has no reader yet.
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect((await readAll(answer)).ended).toMatch(/^(truncated|protocol)$/);
      expect(client.status()[0]?.streams).toBe(0);
      expect(uncaught).toEqual([]);
    },
  );
});
