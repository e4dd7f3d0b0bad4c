import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, type TestContext, test, vi } from 'vitest';
import { z } from 'zod';
import { limits } from '#server/config/limits.ts';
import { post, resultOf } from '#tests/product/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

/** Ends with its test; tests that run side by side have to say whose it is. */
async function start(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  env: Record<string, string> = {},
): Promise<Product> {
  const product = await startProduct(env);
  onTestFinished(() => product.close());
  return product;
}

/** Sends SIGTERM; the exit code once the process has ended. */
function terminate({ process }: Product): Promise<number | null> {
  const ended = once(process, 'exit');
  process.kill('SIGTERM');
  return ended.then(() => process.exitCode);
}

const untilReadyzSays = ({ baseUrl }: Product, status: string) =>
  vi.waitFor(
    async () => {
      const response = await fetch(`${baseUrl}/readyz`);
      expect([response.status, await response.json()]).toMatchObject([503, { status }]);
    },
    { timeout: 2500, interval: 20 },
  );

const mail = { email: 'ada@visitor.example', contents: 'Sent while it ends.' };
const place = (n: number) => ({ lat: 40 + n, lng: 10 });

/** A mail by form of which the last byte comes when told. */
function slowUpload({ baseUrl }: Product) {
  const body = ['email', 'contents']
    .map(
      (name) =>
        `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${name === 'email' ? mail.email : mail.contents}\r\n`,
    )
    .join('')
    .concat('--b--\r\n');
  const { hostname, port } = new URL(baseUrl);
  const upload = request({
    hostname,
    port,
    agent: false,
    method: 'POST',
    path: '/api/trpc/email.send',
    headers: { 'content-type': 'multipart/form-data; boundary=b', 'content-length': String(body.length) },
  });
  const answer = once(upload, 'response').then(async ([incoming]) => ({
    status: Number(incoming.statusCode),
    text: await text(incoming),
  }));
  upload.write(body.slice(0, 40));
  return { answer, finish: () => upload.end(body.slice(40)) };
}

describe.concurrent('SIGTERM', () => {
  test('with a delay: not ready, and whoever comes meanwhile is answered for the last time', {
    timeout: 60_000,
  }, async ({ expect, onTestFinished }) => {
    const product = await start({ onTestFinished }, { SHUTDOWN_DELAY: '3' });
    const exitCode = terminate(product);
    await untilReadyzSays(product, 'draining');
    const response = await post(product, 'echo.body', 1);
    expect(response.headers.get('connection')).toBe('close');
    expect(await resultOf(response)).toEqual({ res: 1 });
    expect(await exitCode).toBe(0);
  });

  test('with slow requests in flight: not ready, each of them ends whole, then exit code 0', {
    timeout: 60_000,
  }, async ({ expect, onTestFinished }) => {
    const product = await start({ onTestFinished });
    // Loads what these requests need, so that they are in flight when the signal comes.
    await resultOf(await post(product, 'weather.forecast', place(0)));
    const asked = product.upstreams.openMeteo.requests.length;
    product.upstreams.openMeteo.fault({ kind: 'delay', ms: 3000 });
    const calls = [1, 2, 3, 4].map(async (n) => resultOf(await post(product, 'weather.forecast', place(n))));
    const upload = slowUpload(product);
    await vi.waitFor(() => expect(product.upstreams.openMeteo.requests.length).toBe(asked + 4), {
      interval: 10,
      timeout: 5000,
    });

    const exit = terminate(product);
    await untilReadyzSays(product, 'draining');
    expect(product.process.exitCode).toBeNull();
    upload.finish();

    const forecasts = await Promise.all(calls);
    expect(forecasts).toHaveLength(4);
    for (const forecast of forecasts) expect(forecast).toMatchObject({ source: { cache: 'miss' } });
    const sent = await upload.answer;
    expect(sent.status, sent.text).toBe(200);
    expect(JSON.parse(sent.text)).toMatchObject({ result: { data: { json: { duplicate: false } } } });
    expect(await exit).toBe(0);
    // But for readiness itself, which was a 503.
    const errors = product
      .log()
      .split('\n')
      .filter((line) => /"level":"(error|fatal)"/.test(line));
    expect(errors.filter((line) => !line.includes('"route":"/readyz"'))).toEqual([]);
  });

  test('with nothing in flight, connections kept open or not: exit code 0 before any deadline', {
    timeout: 60_000,
  }, async ({ expect, onTestFinished }) => {
    const product = await start({ onTestFinished });
    const idle = connect(Number(new URL(product.baseUrl).port), '127.0.0.1');
    const closed = once(idle, 'close');
    await once(idle, 'connect');
    await (await post(product, 'echo.body', 1)).text();
    const exit = terminate(product);
    expect(await Promise.race([exit, deadline(limits.shutdownDeadline / 2)])).toBe(0);
    await closed;
  });

  test('with a body that never ends: exits within the deadline', { timeout: 60_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const product = await start({ onTestFinished });
    const upload = slowUpload(product);
    const answer = upload.answer.then(
      ({ status }) => status,
      () => 'cut',
    );
    await resultOf(await post(product, 'echo.body', 'the upload came before'));
    const exit = terminate(product);
    expect(await Promise.race([exit, deadline(limits.shutdownDeadline + 10_000)])).toBe(0);
    expect([408, 'cut']).toContain(await answer);
  });

  test('with a client that does not read its answer: exits within the deadline', { timeout: 60_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const product = await start({ onTestFinished });
    const socket = connect(Number(new URL(product.baseUrl).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    onTestFinished(() => void socket.destroy());
    const head = 'GET /weather HTTP/1.1\r\nhost: localhost\r\n\r\n';
    // More answers than the buffers of both ends hold.
    socket.write(head.repeat(300));
    await resultOf(await post(product, 'echo.body', 1));
    const exit = terminate(product);
    expect(await Promise.race([exit, deadline(limits.shutdownDeadline + 10_000)])).toBe(0);
  });

  test('twice is as good as once', { timeout: 60_000 }, async ({ expect, onTestFinished }) => {
    const product = await start({ onTestFinished });
    product.upstreams.openMeteo.fault({ kind: 'delay', ms: 1500 });
    const call = post(product, 'weather.forecast', place(1)).then(resultOf);
    await vi.waitFor(() => expect(product.upstreams.openMeteo.requests.length).toBe(1), {
      interval: 10,
      timeout: 5000,
    });
    const exit = terminate(product);
    await untilReadyzSays(product, 'draining');
    product.process.kill('SIGTERM');
    await call;
    expect(await exit).toBe(0);
  });

  test('mails accepted before it are in the store afterwards', { timeout: 60_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'typed-bff-shutdown-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const first = await start({ onTestFinished }, { DATA_DIR: dataDir });
    const accepted = z.object({ id: z.string() });
    const send = async (n: number) =>
      accepted.parse(await resultOf(await post(first, 'email.send', { ...mail, subject: `Number ${n}` })));
    const early = await send(0);
    // Those that are still on their way may be refused, but what was accepted is kept.
    const sending = Promise.allSettled(Array.from({ length: 12 }, (_, n) => send(n + 1)));
    expect(await terminate(first)).toBe(0);
    const late = (await sending).flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const answered = [early, ...late];

    const second = await start({ onTestFinished }, { DATA_DIR: dataDir });
    for (const { id } of answered) {
      const input = encodeURIComponent(JSON.stringify({ json: { id } }));
      const state = await resultOf(await fetch(`${second.baseUrl}/api/trpc/email.status?input=${input}`));
      expect(state).toMatchObject({ id, acceptedAt: expect.any(Date) });
    }
  });
});

function deadline(milliseconds: number): Promise<'too late'> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('too late'), milliseconds).unref();
  });
}
