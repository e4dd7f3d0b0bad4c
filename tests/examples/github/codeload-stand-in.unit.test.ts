import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testWith } from '#tests/support/skip.ts';
import { startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';
import { at } from '#tests/upstreams/at.ts';
import { send } from '#tests/upstreams/send.ts';

let upstreams: Upstreams;
beforeEach(async () => {
  upstreams = await startUpstreams();
});
afterEach(() => upstreams.close());

const to = (path: string) => `${upstreams.env.GITHUB_ARCHIVE_URL}${path}`;
const PATH = '/vercel/next.js/tar.gz/refs/tags/v1.45.0';

/** Runs the system's tar on an archive and returns its output. */
const tar = (archive: Uint8Array, ...options: string[]) =>
  execFileSync('tar', [...options, '-zf', '-'], { input: archive, encoding: 'utf8' });
const download = async (path: string) => new Uint8Array(await (await fetch(to(path))).arrayBuffer());

describe('an archive', () => {
  testWith('gnuTar')('is a gzipped tar with one folder, named as GitHub names it', async () => {
    const archive = await download(PATH);
    expect(tar(archive, '-t').trim().split('\n')).toEqual(['next.js-1.45.0/', 'next.js-1.45.0/README.md']);
    const readme = tar(archive, '-x', '-O');
    expect(readme).toMatch(/^# vercel\/next\.js v1\.45\.0\n\nSynthetic stand-in: /);
    expect(tar(archive, '-tv')).toMatch(/^drwxrwxr-x root\/root +0 2026-/);
  });

  test('has GitHub’s headers and is chunked, with or without a Range header', async () => {
    for (const range of [undefined, 'bytes=0-1']) {
      const { status, headers, text } = await send(to(PATH), {
        headers: range === undefined ? {} : { range },
      });
      expect(status).toBe(200);
      expect(headers).toMatchObject({
        'content-type': 'application/x-gzip',
        'content-disposition': 'attachment; filename=next.js-1.45.0.tar.gz',
        etag: expect.stringMatching(/^W\/"[0-9a-f]{64}"$/),
        'transfer-encoding': 'chunked',
      });
      for (const absent of ['content-length', 'accept-ranges', 'content-range']) {
        expect(headers).not.toHaveProperty(absent);
      }
      expect(text.length).toBeGreaterThan(100);
    }
  });

  test('is deterministic, differs per tag and ignores the case of the owner', async () => {
    const first = await download(PATH);
    expect(await download(PATH)).toEqual(first);
    expect(await download(PATH.replace('vercel', 'VERCEL'))).toEqual(first);
    expect(await download(PATH.replace('45', '43'))).not.toEqual(first);
  });

  test('exists for every release of the API', async () => {
    const { json } = await send(`${upstreams.github.url}/repos/colinhacks/zod/releases?per_page=100`, {
      headers: { 'user-agent': 'typed-bff-tests' },
    });
    const releases: unknown[] = Array.isArray(json) ? json : [];
    expect(releases).toHaveLength(24);
    for (const release of releases) {
      const tag = String(at(release, 'tag_name'));
      const { status, headers } = await send(to(`/colinhacks/zod/tar.gz/refs/tags/${tag}`), {
        method: 'HEAD',
      });
      expect(status).toBe(200);
      expect(headers['content-disposition']).toBe(`attachment; filename=zod-${tag.slice(1)}.tar.gz`);
    }
  });

  test('has the same headers for HEAD, without a body', async () => {
    const [head, whole] = [await send(to(PATH), { method: 'HEAD' }), await send(to(PATH))];
    expect([head.status, head.text, head.headers.etag]).toEqual([200, '', whole.headers.etag]);
    expect(head.headers).not.toHaveProperty('content-length');
  });

  test('supports If-None-Match', async () => {
    const etag = String((await send(to(PATH))).headers.etag);
    for (const [known, status] of [
      [etag, 304],
      [etag.slice(2), 304],
      [`"a", ${etag}`, 304],
      ['*', 304],
      ['"a"', 200],
    ] as const) {
      const response = await send(to(PATH), { headers: { 'if-none-match': known } });
      expect([response.status, response.headers.etag]).toEqual([status, etag]);
      expect(response.text === '').toBe(status === 304);
    }
  });
});

test.each([
  '/vercel/next.js/tar.gz/refs/tags/v1.46.0',
  '/vercel/next.js/tar.gz/refs/tags/1.45.0',
  '/vercel/next.js/tar.gz/refs/tags/',
  '/vercel/next.js/tar.gz/refs/heads/canary',
  '/vercel/next.js/zip/refs/tags/v1.45.0',
  '/octocat/Hello-World/tar.gz/refs/tags/v1.0.0',
  '/no/such/tar.gz/refs/tags/v1.1.0',
  '/',
])('%s is not found', async (path) => {
  const { status, headers, text } = await send(to(path));
  expect([status, headers['content-type'], text]).toEqual([
    404,
    'text/plain; charset=utf-8',
    '404: Not Found',
  ]);
});

test('faults can be injected', async () => {
  upstreams.codeload.fault({ kind: 'status', status: 503 });
  expect((await send(to(PATH))).status).toBe(503);
  upstreams.codeload.fault({ kind: 'reset' });
  await expect(send(to(PATH))).rejects.toMatchObject({ code: 'ECONNRESET' });
  upstreams.codeload.fault(undefined);
  expect((await send(to(PATH))).status).toBe(200);
  expect(upstreams.codeload.requests.map(({ url }) => url)).toEqual([PATH, PATH, PATH]);
});
