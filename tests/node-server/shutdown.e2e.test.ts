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
import { post, resultOf } from '#tests/support/call.ts';
import { type Product, startProduct } from '#tests/support/product.ts';

/** Starts a product that stops with its test. Concurrent tests must pass their own context. */
async function start(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  env: Record<string, string> = {},
): Promise<Product> {
  const product = await startProduct(env);
  onTestFinished(() => product.close());
  return product;
}

/** Sends SIGTERM. @returns the exit code once the process has exited */
function terminate({ process }: Product): Promise<number | null> {
  const ended = once(process, 'exit');
  process.kill('SIGTERM');
  return ended.then(() => process.exitCode);
}

const untilReadyz = ({ baseUrl }: Product, status: string) =>
  vi.waitFor(
    async () => {
      const response = await fetch(`${baseUrl}/readyz`);
      expect([response.status, await response.json()]).toMatchObject([503, { status }]);
    },
    { timeout: 2500, interval: 20 },
  );

const mail = { email: 'ada@visitor.example', contents: 'Sent during shutdown.' };
const place = (n: number) => ({ lat: 40 + n, lng: 10 });

/** Starts to send a mail as a form. `finish` sends the rest of the body. */
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
  const response = once(upload, 'response').then(async ([incoming]) => ({
    status: Number(incoming.statusCode),
    text: await text(incoming),
  }));
  upload.write(body.slice(0, 40));
  return { response, finish: () => upload.end(body.slice(40)) };
}

describe.concurrent('SIGTERM', () => {
  test('with SHUTDOWN_DELAY, requests are served with connection: close while /readyz is draining', {
    timeout: 60_000,
  }, async ({ expect, onTestFinished }) => {
    const product = await start({ onTestFinished }, { SHUTDOWN_DELAY: '3' });
    const exitCode = terminate(product);
    await untilReadyz(product, 'draining');
    const response = await post(product, 'fixture.body', 1);
    expect(response.headers.get('connection')).toBe('close');
    expect(await resultOf(response)).toEqual({ res: 1 });
    expect(await exitCode).toBe(0);
  });

  test('with slow requests in flight, all of them complete before exit code 0', {
    timeout: 60_000,
  }, async ({ expect, onTestFinished }) => {
    const product = await start({ onTestFinished });
    // Loads the modules that these requests need, so that they are in flight when the signal arrives.
    await resultOf(await post(product, 'fixture.reading', place(0)));
    const before = product.upstreams.readings.requests.length;
    product.upstreams.readings.fault({ kind: 'delay', ms: 3000 });
    const calls = [1, 2, 3, 4].map(async (n) => resultOf(await post(product, 'fixture.reading', place(n))));
    const upload = slowUpload(product);
    await vi.waitFor(() => expect(product.upstreams.readings.requests.length).toBe(before + 4), {
      interval: 10,
      timeout: 5000,
    });

    const exit = terminate(product);
    await untilReadyz(product, 'draining');
    expect(product.process.exitCode).toBeNull();
    upload.finish();

    const forecasts = await Promise.all(calls);
    expect(forecasts).toHaveLength(4);
    for (const forecast of forecasts) expect(forecast).toMatchObject({ source: { cache: 'miss' } });
    const sent = await upload.response;
    expect(sent.status, sent.text).toBe(200);
    expect(JSON.parse(sent.text)).toMatchObject({ result: { data: { json: { duplicate: false } } } });
    expect(await exit).toBe(0);
    // /readyz itself answered 503.
    const errors = product
      .log()
      .split('\n')
      .filter((line) => /"level":"(error|fatal)"/.test(line));
    expect(errors.filter((line) => !line.includes('"route":"/readyz"'))).toEqual([]);
  });

  test('with idle keep-alive connections only, exits with code 0 before any deadline', {
    timeout: 60_000,
  }, async ({ expect, onTestFinished }) => {
    const product = await start({ onTestFinished });
    const idle = connect(Number(new URL(product.baseUrl).port), '127.0.0.1');
    const closed = once(idle, 'close');
    await once(idle, 'connect');
    await (await post(product, 'fixture.body', 1)).text();
    const exit = terminate(product);
    expect(await Promise.race([exit, deadline(limits.shutdownDeadline / 2)])).toBe(0);
    await closed;
  });

  test('with a body that never ends, exits within the deadline', { timeout: 60_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const product = await start({ onTestFinished });
    const upload = slowUpload(product);
    const outcome = upload.response.then(
      ({ status }) => status,
      () => 'aborted',
    );
    await resultOf(await post(product, 'fixture.body', 'sent after the upload began'));
    const exit = terminate(product);
    expect(await Promise.race([exit, deadline(limits.shutdownDeadline + 10_000)])).toBe(0);
    expect([408, 'aborted']).toContain(await outcome);
  });

  test('with a client that does not read its response, exits within the deadline', {
    timeout: 60_000,
  }, async ({ expect, onTestFinished }) => {
    const product = await start({ onTestFinished });
    const socket = connect(Number(new URL(product.baseUrl).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.pause();
    onTestFinished(() => void socket.destroy());
    const head = 'GET /contact HTTP/1.1\r\nhost: localhost\r\n\r\n';
    // More responses than the buffers of both ends hold.
    socket.write(head.repeat(300));
    await resultOf(await post(product, 'fixture.body', 1));
    const exit = terminate(product);
    expect(await Promise.race([exit, deadline(limits.shutdownDeadline + 10_000)])).toBe(0);
  });

  test('a second SIGTERM does not cut off requests in flight', { timeout: 60_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    const product = await start({ onTestFinished });
    product.upstreams.readings.fault({ kind: 'delay', ms: 1500 });
    const call = post(product, 'fixture.reading', place(1)).then(resultOf);
    await vi.waitFor(() => expect(product.upstreams.readings.requests.length).toBe(1), {
      interval: 10,
      timeout: 5000,
    });
    const exit = terminate(product);
    await untilReadyz(product, 'draining');
    product.process.kill('SIGTERM');
    await call;
    expect(await exit).toBe(0);
  });

  test('mails accepted before shutdown are stored afterwards', { timeout: 60_000 }, async ({
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
    // Requests still in flight may be rejected, but every accepted mail is kept.
    const sending = Promise.allSettled(Array.from({ length: 12 }, (_, n) => send(n + 1)));
    expect(await terminate(first)).toBe(0);
    const late = (await sending).flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const acceptedMails = [early, ...late];

    const second = await start({ onTestFinished }, { DATA_DIR: dataDir });
    for (const { id } of acceptedMails) {
      const input = encodeURIComponent(JSON.stringify({ json: { id } }));
      const state = await resultOf(await fetch(`${second.baseUrl}/api/trpc/email.status?input=${input}`));
      expect(state).toMatchObject({ id, acceptedAt: expect.any(Date) });
    }
  });
});

function deadline(milliseconds: number): Promise<'timeout'> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('timeout'), milliseconds).unref();
  });
}
