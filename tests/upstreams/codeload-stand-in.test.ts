import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testWith } from '#tests/support/skip.ts';
import { startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';
import { ask } from './ask.ts';
import { at } from './form.ts';

let upstreams: Upstreams;
beforeEach(async () => {
  upstreams = await startUpstreams();
});
afterEach(() => upstreams.close());

const to = (path: string) => `${upstreams.env.GITHUB_ARCHIVE_URL}${path}`;
const PATH = '/vercel/next.js/tar.gz/refs/tags/v1.45.0';

/** What the system's tar makes of an archive. */
const tar = (archive: Uint8Array, ...options: string[]) =>
  execFileSync('tar', [...options, '-zf', '-'], { input: archive, encoding: 'utf8' });
const download = async (path: string) => new Uint8Array(await (await fetch(to(path))).arrayBuffer());

describe('an archive', () => {
  testWith('gnuTar')('is a gzipped tar of one folder, as GitHub names it', async () => {
    const archive = await download(PATH);
    expect(tar(archive, '-t').trim().split('\n')).toEqual(['next.js-1.45.0/', 'next.js-1.45.0/README.md']);
    const readme = tar(archive, '-x', '-O');
    expect(readme).toMatch(/^# vercel\/next\.js v1\.45\.0\n\nSynthetic stand-in: /);
    expect(tar(archive, '-tv')).toMatch(/^drwxrwxr-x root\/root +0 2026-/);
  });

  test('has GitHub’s headers, and comes in chunks whatever range is asked for', async () => {
    for (const range of [undefined, 'bytes=0-1']) {
      const { status, headers, text } = await ask(to(PATH), {
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

  test('is always the same, another for another tag, whatever the case of the name', async () => {
    const first = await download(PATH);
    expect(await download(PATH)).toEqual(first);
    expect(await download(PATH.replace('vercel', 'VERCEL'))).toEqual(first);
    expect(await download(PATH.replace('45', '43'))).not.toEqual(first);
  });

  test('is there for every release that the API has', async () => {
    const { json } = await ask(`${upstreams.github.url}/repos/colinhacks/zod/releases?per_page=100`, {
      headers: { 'user-agent': 'typed-bff-tests' },
    });
    const releases: unknown[] = Array.isArray(json) ? json : [];
    expect(releases).toHaveLength(24);
    for (const release of releases) {
      const tag = String(at(release, 'tag_name'));
      const { status, headers } = await ask(to(`/colinhacks/zod/tar.gz/refs/tags/${tag}`), {
        method: 'HEAD',
      });
      expect(status).toBe(200);
      expect(headers['content-disposition']).toBe(`attachment; filename=zod-${tag.slice(1)}.tar.gz`);
    }
  });

  test('HEAD has the same head and no body', async () => {
    const [head, whole] = [await ask(to(PATH), { method: 'HEAD' }), await ask(to(PATH))];
    expect([head.status, head.text, head.headers.etag]).toEqual([200, '', whole.headers.etag]);
    expect(head.headers).not.toHaveProperty('content-length');
  });

  test('is not sent again to who has it', async () => {
    const etag = String((await ask(to(PATH))).headers.etag);
    for (const [known, status] of [
      [etag, 304],
      [etag.slice(2), 304],
      [`"a", ${etag}`, 304],
      ['*', 304],
      ['"a"', 200],
    ] as const) {
      const answer = await ask(to(PATH), { headers: { 'if-none-match': known } });
      expect([answer.status, answer.headers.etag]).toEqual([status, etag]);
      expect(answer.text === '').toBe(status === 304);
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
  const { status, headers, text } = await ask(to(path));
  expect([status, headers['content-type'], text]).toEqual([
    404,
    'text/plain; charset=utf-8',
    '404: Not Found',
  ]);
});

test('misbehaves on demand', async () => {
  upstreams.codeload.fault({ kind: 'status', status: 503 });
  expect((await ask(to(PATH))).status).toBe(503);
  upstreams.codeload.fault({ kind: 'reset' });
  await expect(ask(to(PATH))).rejects.toMatchObject({ code: 'ECONNRESET' });
  upstreams.codeload.fault(undefined);
  expect((await ask(to(PATH))).status).toBe(200);
  expect(upstreams.codeload.requests.map(({ url }) => url)).toEqual([PATH, PATH, PATH]);
});
