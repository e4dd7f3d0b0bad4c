import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createScriptClient, errorData, isApiError } from '#client/node.ts';
import { freePort } from '#tests/support/product.ts';
import { startRecorder } from './trpc-recorder.ts';

describe('the script client', () => {
  it('retries while nothing listens, and succeeds as soon as the server listens', async () => {
    const port = await freePort();
    const api = createScriptClient({ baseUrl: `http://127.0.0.1:${port}`, retries: 8, retryDelay: 20 });
    const result = api.fixture.body.mutate('hello');
    const recorder = await startRecorder({ port });
    await expect(result).resolves.toBeNull();
    expect(recorder.requests).toHaveLength(1);
    await recorder.close();
  });

  it('fails with an ApiError without data if nothing listens', async () => {
    const port = await freePort();
    const api = createScriptClient({ baseUrl: `http://127.0.0.1:${port}`, retries: 1, retryDelay: 1 });
    const error = await api.fixture.request.query().catch((reason: unknown) => reason);
    expect(isApiError(error)).toBe(true);
    expect(errorData(error)).toBeUndefined();
  });

  it('does not retry a call that got a response, even a 503', async () => {
    const recorder = await startRecorder({ status: 503 });
    const api = createScriptClient({ baseUrl: recorder.baseUrl, retries: 5, retryDelay: 1 });
    await api.fixture.body.mutate('once').catch(() => {});
    expect(recorder.requests).toHaveLength(1);
    await recorder.close();
  });

  it('does not retry a call whose connection broke after it was sent: the server may have run it', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      socket.once('data', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const api = createScriptClient({ baseUrl: `http://127.0.0.1:${port}`, retries: 5, retryDelay: 1 });
    await expect(api.fixture.body.mutate('once')).rejects.toSatisfy(isApiError);
    expect(connections).toBe(1);
    server.close();
  });

  it('aborts a call that gets no response before the timeout', async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    const api = createScriptClient({ baseUrl: `http://127.0.0.1:${port}`, timeout: 50 });
    await expect(api.fixture.request.query()).rejects.toSatisfy(isApiError);
    server.close();
  });
});
