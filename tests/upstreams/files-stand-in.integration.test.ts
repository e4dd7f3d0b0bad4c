import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type DownloadFault,
  type FilesStandIn,
  patternAt,
  patternSha256,
  startUpstreams,
  type Upstreams,
} from '#tests/support/upstreams/index.ts';
import { send } from './send.ts';

const MIB = 2 ** 20;
const MODIFIED = 'Mon, 01 Jan 2024 00:00:00 GMT';
const BEFORE = 'Sun, 31 Dec 2023 23:59:59 GMT';

let upstreams: Upstreams;
let files: FilesStandIn;
beforeEach(async () => {
  upstreams = await startUpstreams();
  files = upstreams.store;
});
afterEach(() => upstreams.close());

const to = (name: string) => `${upstreams.env.FIXTURE_STORE_URL}/files/${name}`;
const get = (name: string, headers: Record<string, string> = {}) => fetch(to(name), { headers });
const put = (name: string, body: Uint8Array<ArrayBuffer>, contentType = 'image/png') =>
  fetch(to(name), { method: 'PUT', body, headers: { 'content-type': contentType } });
const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Measures the growth of this process's buffers. Garbage counts until it is collected, about 70 MiB. */
function peakOfBuffers() {
  const before = process.memoryUsage().arrayBuffers;
  let peak = before;
  return {
    sample: () => {
      peak = Math.max(peak, process.memoryUsage().arrayBuffers);
    },
    growth: () => peak - before,
  };
}

describe('uploads', () => {
  test('are counted, hashed and returned with their media type', async () => {
    const content = randomBytes(700_001);
    const expected = { name: 'a b.png', bytes: 700_001, sha256: sha256(content), synthetic: true };
    for (const status of [201, 200]) {
      const response = await put('a%20b.png', content);
      expect([response.status, await response.json()]).toEqual([status, expected]);
    }
    const back = await get('a%20b.png');
    expect(back.headers.get('content-type')).toBe('image/png');
    expect(sha256(await bytesOf(back))).toBe(expected.sha256);
    expect(await bytesOf(await get('a%20b.png', { range: 'bytes=700000-' }))).toEqual(content.subarray(-1));
    expect(files.requests[0]).toMatchObject({ method: 'PUT', url: '/files/a%20b.png', body: '' });
    expect(files.transfers.slice(0, 2)).toEqual(
      Array(2).fill({ url: '/files/a%20b.png', bytes: 700_001, complete: true }),
    );
    expect(files.open).toBe(0);
  });

  test('can be empty', async () => {
    expect((await put('empty', new Uint8Array())).status).toBe(201);
    const back = await get('empty', { range: 'bytes=-5' });
    expect([back.status, back.headers.get('content-length'), await back.text()]).toEqual([200, '0', '']);
    expect((await get('empty', { range: 'bytes=0-' })).status).toBe(416);
  });

  test('get a new ETag and a later date when they replace a file', async () => {
    const tags: unknown[] = [];
    for (const text of ['one', 'two']) {
      await put('x', Buffer.from(text));
      const { headers } = await get('x');
      tags.push(headers.get('etag'));
      expect((await get('x', { 'if-modified-since': headers.get('last-modified') ?? '' })).status).toBe(304);
    }
    expect(new Set(tags).size).toBe(2);
    expect((await get('x', { 'if-modified-since': 'Mon, 01 Jan 2024 00:00:01 GMT' })).status).toBe(200);
  });

  test('above 16 MB keep only their size and hash', async () => {
    const content = Buffer.alloc(16 * MIB + 1, 'x');
    const hash = sha256(content);
    expect(await (await put('large', content)).json()).toMatchObject({ bytes: content.length, sha256: hash });
    const back = await get('large');
    expect(back.status).toBe(404);
    expect(await back.json()).toMatchObject({ name: 'large', bytes: content.length, sha256: hash });
    expect((await put('large', Buffer.from('small'))).status).toBe(200);
    expect(await (await get('large')).text()).toBe('small');
  });

  test('evict the oldest file when 64 MB are full', async () => {
    const content = Buffer.alloc(16 * MIB);
    for (const name of ['1', '2', '3', '4']) await put(name, content);
    expect((await fetch(to('1'), { method: 'HEAD' })).status).toBe(200);
    await put('5', Buffer.from('x'));
    const statuses = ['1', '2', '5'].map(async (name) => (await fetch(to(name), { method: 'HEAD' })).status);
    expect(await Promise.all(statuses)).toEqual([404, 200, 200]);
  });

  test('of 256 MiB take constant memory', async () => {
    const piece = patternAt(0, MIB);
    const memory = peakOfBuffers();
    function* pieces() {
      for (let sent = 0; sent < 256; sent += 1) {
        memory.sample();
        yield piece;
      }
    }
    const sent = request(to('large'), { method: 'PUT' });
    const responded = once(sent, 'response');
    await pipeline(pieces(), sent);
    const [response] = await responded;
    expect(JSON.parse(await text(response))).toMatchObject({
      bytes: 256 * MIB,
      sha256: patternSha256(256 * MIB),
    });
    expect(memory.growth()).toBeLessThan(128 * MIB);
  });

  test('are discarded if the client disconnects in the body', async () => {
    const sent = request(to('half'), { method: 'PUT', headers: { 'content-length': 1000 } });
    sent.on('error', () => {});
    sent.write('abc');
    await expect.poll(() => files.open).toBe(1);
    sent.destroy();
    await expect.poll(() => files.open).toBe(0);
    expect(files.transfers).toEqual([{ url: '/files/half', bytes: 3, complete: false }]);
    expect((await get('half')).status).toBe(404);
  });
});

describe('synthetic files', () => {
  test('have content that depends only on the offset', async () => {
    const response = await get('synthetic-1000003.bin');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': '1000003',
      'content-type': 'application/octet-stream',
      etag: '"synthetic-1000003"',
      'last-modified': MODIFIED,
      'accept-ranges': 'bytes',
    });
    const content = await bytesOf(response);
    expect(content.equals(patternAt(0, 1_000_003))).toBe(true);
    expect(content.subarray(65_530, 70_000).equals(patternAt(65_530, 4470))).toBe(true);
    expect(sha256(content)).toBe(patternSha256(1_000_003));
    expect(new Set(patternAt(0, 65_536)).size).toBe(256);
  });

  test('of 256 MiB are streamed in constant memory', async () => {
    const size = 256 * MIB;
    const hash = createHash('sha256');
    const memory = peakOfBuffers();
    for await (const chunk of (await get(`synthetic-${size}.bin`)).body ?? []) {
      hash.update(chunk);
      memory.sample();
    }
    expect(hash.digest('hex')).toBe(patternSha256(size));
    expect(memory.growth()).toBeLessThan(128 * MIB);
  });

  test('stop while the reader does not read (backpressure)', async () => {
    const sent = request(to('synthetic-1073741824.bin')).end();
    const [response] = await once(sent, 'response');
    await expect.poll(() => files.open).toBe(1);
    expect(files.transfers).toEqual([]);
    response.destroy();
    await expect.poll(() => files.open).toBe(0);
    const [transfer] = files.transfers;
    expect(transfer).toMatchObject({ url: '/files/synthetic-1073741824.bin', complete: false });
    // The bytes in the socket buffers.
    expect(transfer?.bytes).toBeLessThan(64 * MIB);
  });

  test('ignore Range for HEAD, at sizes up to 4 GiB', async () => {
    const head = await send(to('synthetic-4294967296.bin'), {
      method: 'HEAD',
      headers: { range: 'bytes=0-0' },
    });
    expect([head.status, head.headers['content-length'], head.text]).toEqual([200, '4294967296', '']);
    expect(files.transfers).toEqual([]);
    const end = await get('synthetic-4294967296.bin', { range: 'bytes=4294967290-' });
    expect((await bytesOf(end)).equals(patternAt(4_294_967_290, 6))).toBe(true);
  });

  test.each(['4294967297', '01', '-1', '99999999999', ''])('synthetic-%s.bin is not found', async (size) => {
    expect((await get(`synthetic-${size}.bin`)).status).toBe(404);
  });
});

describe('ranges', () => {
  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=65530-65545', 65_530, 65_545],
    ['BYTES=99990-', 99_990, 99_999],
    ['bytes=99990-1000000', 99_990, 99_999],
    ['bytes=-10', 99_990, 99_999],
    ['bytes=-1000000', 0, 99_999],
  ])('%s', async (range, first, last) => {
    const response = await get('synthetic-100000.bin', { range });
    const length = last - first + 1;
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${first}-${last}/100000`);
    expect(response.headers.get('content-length')).toBe(String(length));
    expect((await bytesOf(response)).equals(patternAt(first, length))).toBe(true);
  });

  test.each(['bytes=100000-', 'bytes=100000-100001', 'bytes=-0'])('%s cannot be satisfied', async (range) => {
    const response = await get('synthetic-100000.bin', { range });
    expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */100000']);
  });

  test.each(['bytes=5-4', 'bytes=0-1,4-5', 'bytes=-', 'bytes=a-b', 'lines=0-1', ''])(
    'the header "%s" is ignored',
    async (range) => {
      const response = await get('synthetic-100.bin', { range });
      expect([response.status, (await bytesOf(response)).length]).toEqual([200, 100]);
    },
  );

  test.each([
    ['"synthetic-100"', 206],
    ['W/"synthetic-100"', 200],
    ['"other"', 200],
    [MODIFIED, 206],
    [BEFORE, 200],
    ['nonsense', 200],
  ])('If-Range %s results in %i', async (version, status) => {
    const response = await get('synthetic-100.bin', { range: 'bytes=0-9', 'if-range': version });
    expect(response.status).toBe(status);
  });
});

describe('conditions', () => {
  test.each([
    [{ 'if-none-match': '"synthetic-100"' }, 304],
    [{ 'if-none-match': 'W/"synthetic-100"' }, 304],
    [{ 'if-none-match': '"a,b", W/"c" ,"synthetic-100"' }, 304],
    [{ 'if-none-match': ' * ' }, 304],
    [{ 'if-none-match': '"other"' }, 200],
    [{ 'if-none-match': 'synthetic-100' }, 200],
    [{ 'if-none-match': '"other"', 'if-modified-since': MODIFIED }, 200],
    [{ 'if-none-match': '"synthetic-100"', range: 'bytes=0-1' }, 304],
    [{ 'if-modified-since': MODIFIED }, 304],
    [{ 'if-modified-since': 'Monday, 01-Jan-24 00:00:00 GMT' }, 304],
    [{ 'if-modified-since': 'Mon Jan  1 00:00:00 2024' }, 304],
    [{ 'if-modified-since': BEFORE }, 200],
    [{ 'if-modified-since': '2025' }, 200],
  ])('%j result in %i', async (headers, status) => {
    const response = await get('synthetic-100.bin', headers);
    expect(response.status).toBe(status);
    expect(response.headers.get('etag')).toBe('"synthetic-100"');
    expect((await bytesOf(response)).length).toBe(status === 304 ? 0 : 100);
  });
});

test('unknown paths are not found, and other methods are not allowed', async () => {
  for (const path of ['/files/none', '/files/', '/files/a/b', '/', '/files/%zz']) {
    const { status, json } = await send(`${files.url}${path}`);
    expect([status, json]).toEqual([404, { message: 'Not Found' }]);
  }
  for (const method of ['POST', 'DELETE', 'PATCH']) {
    const { status, headers } = await send(to('synthetic-1.bin'), { method });
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD, PUT']);
  }
});

describe('faults', () => {
  /** Downloads until the connection ends. */
  async function download(name: string) {
    const sent = request(to(name), { agent: false }).end();
    const [response] = await once(sent, 'response');
    // The response reports the same error.
    sent.on('error', () => {});
    let bytes = 0;
    let code: unknown;
    try {
      for await (const chunk of response) bytes += chunk.length;
    } catch (error) {
      code = error instanceof Error && 'code' in error ? error.code : error;
    }
    return { bytes, code, length: response.headers['content-length'] };
  }

  test.each([0, 1, 65_536, 300_000])('cut after %i bytes', async (afterBytes) => {
    files.fault({ kind: 'cut', afterBytes });
    const { bytes, code, length } = await download('synthetic-1000000.bin');
    expect([code, length]).toEqual(['ECONNRESET', '1000000']);
    expect(bytes).toBeLessThanOrEqual(afterBytes);
    await expect.poll(() => files.open).toBe(0);
    expect(files.transfers).toEqual([
      { url: '/files/synthetic-1000000.bin', bytes: afterBytes, complete: false },
    ]);
  });

  test('stall until the reader disconnects', async () => {
    files.fault({ kind: 'stall', afterBytes: 300_000 });
    const sent = request(to('synthetic-1000000.bin')).end();
    const [response] = await once(sent, 'response');
    let bytes = 0;
    response.on('error', () => {});
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await expect.poll(() => bytes).toBe(300_000);
    expect([files.open, response.complete]).toEqual([1, false]);
    response.destroy();
    await expect.poll(() => files.open).toBe(0);
    expect(files.transfers[0]).toMatchObject({ bytes: 300_000, complete: false });
  });

  test('close() ends a download that stalls before its first byte', async () => {
    files.fault({ kind: 'stall', afterBytes: 0 });
    const ended = download('synthetic-10.bin');
    await expect.poll(() => files.open).toBe(1);
    await upstreams.close();
    expect(await ended).toMatchObject({ bytes: 0, code: 'ECONNRESET' });
    await expect.poll(() => files.open).toBe(0);
  });

  test.each<DownloadFault>([
    { kind: 'cut', afterBytes: 10 },
    { kind: 'stall', afterBytes: 10 },
  ])('a $kind does not affect short files, uploads and other responses', async (fault) => {
    files.fault(fault);
    expect((await bytesOf(await get('synthetic-10.bin'))).length).toBe(10);
    expect((await put('x', Buffer.alloc(100))).status).toBe(201);
    expect((await get('none')).status).toBe(404);
    expect((await fetch(to('x'), { method: 'HEAD' })).status).toBe(200);
  });

  test('a status is sent before the upload is read', async () => {
    files.fault({ kind: 'status', status: 507, headers: { 'retry-after': '3' } });
    const sent = request(to('x'), { method: 'PUT', headers: { 'content-length': 10 * MIB } });
    sent.on('error', () => {});
    sent.write('first');
    const [response] = await once(sent, 'response');
    expect([response.statusCode, response.headers['retry-after']]).toEqual([507, '3']);
    sent.destroy();
    files.fault(undefined);
    expect((await get('x')).status).toBe(404);
    expect(files.requests).toHaveLength(2);
  });

  test('a delay keeps the upload; a reset and another body discard it', async () => {
    files.fault({ kind: 'delay', ms: 5 });
    expect((await put('kept', Buffer.from('x'))).status).toBe(201);
    files.fault({ kind: 'reset' });
    await expect(put('reset', Buffer.from('x'))).rejects.toThrow();
    files.fault({ kind: 'body', body: '<html>', contentType: 'text/html' });
    expect(await (await put('body', Buffer.from('x'))).text()).toBe('<html>');
    expect(await (await get('synthetic-1.bin')).text()).toBe('<html>');
    files.fault(undefined);
    const statuses = ['kept', 'reset', 'body'].map(async (name) => (await get(name)).status);
    expect(await Promise.all(statuses)).toEqual([200, 404, 404]);
  });

  test('close() ends a request that hangs', async () => {
    files.fault({ kind: 'hang' });
    const waiting = expect(send(to('synthetic-1.bin'))).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect.poll(() => files.requests.length).toBe(1);
    await upstreams.close();
    await waiting;
  });
});
