import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createScriptClient } from '#client/node.ts';
import { limits } from '#server/config/limits.ts';
import { type Recorder, startRecorder } from './trpc-recorder.ts';

let recorder: Recorder;
beforeAll(async () => {
  recorder = await startRecorder();
});
afterAll(() => recorder.close());
beforeEach(() => {
  recorder.requests.length = 0;
});

const client = () => createScriptClient({ baseUrl: recorder.baseUrl });

describe('the links', () => {
  it('send sensitive queries by POST, without the input in the URL', async () => {
    await client().fixture.reading.query({ lat: 12.34, lng: 56.78 });
    expect(recorder.requests).toEqual([
      {
        method: 'POST',
        url: '/api/trpc/fixture.reading?batch=1',
        body: '{"0":{"json":{"lat":12.34,"lng":56.78}}}',
      },
    ]);
  });

  it('send public queries by GET', async () => {
    await client().email.status.query({ id: 'x' });
    expect(recorder.requests.map(({ method }) => method)).toEqual(['GET']);
  });

  it('never send a sensitive and a public query in one request', async () => {
    const api = client();
    await Promise.all([
      api.fixture.search.query({ name: 'Berlin' }),
      api.email.status.query({ id: 'x' }),
      api.proxy.endpoints.query(),
    ]);
    const calls = recorder.requests.map(({ method, url }) => [method, url.split('?')[0]]);
    expect(calls).toHaveLength(2);
    expect(calls).toContainEqual(['GET', '/api/trpc/email.status']);
    expect(calls).toContainEqual(['POST', '/api/trpc/fixture.search,proxy.endpoints']);
  });

  it('split a batch at the maximum size of the server', async () => {
    const api = client();
    await Promise.all(Array.from({ length: limits.batchSize + 1 }, () => api.proxy.endpoints.query()));
    const sizes = recorder.requests.map(({ url }) => url.split('?')[0]?.split(',').length);
    expect(sizes.sort()).toEqual([1, limits.batchSize].sort());
  });
});
