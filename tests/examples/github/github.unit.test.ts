import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startUpstreams, type Upstreams } from '#tests/support/upstreams/index.ts';
import { at } from '#tests/upstreams/at.ts';
import { post, send } from '#tests/upstreams/send.ts';

let upstreams: Upstreams;
beforeAll(async () => {
  upstreams = await startUpstreams();
});
afterAll(() => upstreams.close());

const AGENT = { 'user-agent': 'typed-bff-tests' };
const get = (path: string) => send(`${upstreams.env.GITHUB_API_URL}${path}`, { headers: AGENT });
const markdown = (body: unknown) => post(upstreams.env.GITHUB_API_URL, '/markdown', body, AGENT);
const NOT_FOUND = { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' };
const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

describe('repositories', () => {
  test('have GitHub’s fields and are marked as synthetic', async () => {
    const { status, json } = await get('/repos/vercel/next.js');
    expect(status).toBe(200);
    expect(json).toEqual({
      id: expect.any(Number),
      name: 'next.js',
      full_name: 'vercel/next.js',
      private: false,
      owner: {
        login: 'vercel',
        avatar_url: expect.stringMatching(/^https:/),
        html_url: 'https://github.com/vercel',
        type: 'Organization',
      },
      html_url: 'https://github.com/vercel/next.js',
      description: expect.stringMatching(/^Synthetic stand-in: /),
      created_at: ISO,
      updated_at: ISO,
      pushed_at: ISO,
      stargazers_count: expect.any(Number),
      forks_count: expect.any(Number),
      open_issues_count: expect.any(Number),
      language: 'JavaScript',
      license: { spdx_id: 'MIT', name: 'MIT License' },
      topics: expect.arrayContaining(['nextjs']),
      default_branch: 'canary',
      archived: false,
    });
  });

  test('are found regardless of case; one has neither licence nor language', async () => {
    expect(at((await get('/repos/TRPC/trpc')).json, 'full_name')).toBe('trpc/trpc');
    expect(at((await get('/repos/colinhacks/zod')).json, 'owner', 'type')).toBe('User');
    expect((await get('/repos/octocat/Hello-World')).json).toMatchObject({ license: null, language: null });
  });

  test.each([
    '/repos/no/such',
    '/repos/vercel',
    '/repos/no/such/releases',
    '/repos/vercel/next.js/x',
    '/',
    '/repos/%zz/x',
  ])('%s is not found', async (path) => {
    const { status, json } = await get(path);
    expect(status).toBe(404);
    expect(json).toEqual(NOT_FOUND);
  });
});

describe('releases', () => {
  test('are paginated, newest first, without duplicates', async () => {
    const tags: unknown[] = [];
    let times: unknown[] = [];
    for (const page of [1, 2, 3]) {
      const { json, headers } = await get(`/repos/vercel/next.js/releases?per_page=20&page=${page}`);
      const releases = Array.isArray(json) ? json : [];
      tags.push(...releases.map((release) => at(release, 'tag_name')));
      times = [...times, ...releases.map((release) => at(release, 'published_at'))];
      expect(String(headers.link).includes('rel="next"')).toBe(page < 3);
    }
    expect(tags).toHaveLength(45);
    expect(new Set(tags).size).toBe(45);
    expect(times).toEqual([...times].sort().reverse());
    expect((await get('/repos/vercel/next.js/releases?per_page=20&page=4')).json).toEqual([]);
  });

  test('have GitHub’s fields; some have no name or no body', async () => {
    const { json } = await get('/repos/vercel/next.js/releases?per_page=100');
    const releases: unknown[] = Array.isArray(json) ? json : [];
    for (const release of releases) {
      const { name, body, ...rest } = Object(release);
      expect(rest).toEqual({
        id: expect.any(Number),
        tag_name: expect.stringMatching(/^v1\./),
        html_url: expect.stringMatching(/^https:\/\/github\.com\/vercel\/next\.js\/releases\/tag\//),
        draft: false,
        prerelease: expect.any(Boolean),
        created_at: ISO,
        published_at: ISO,
      });
      if (name !== null) expect(name).toBe(rest.tag_name);
      if (body !== null) expect(body).toMatch(/^Synthetic stand-in: /);
    }
    for (const key of ['name', 'body'])
      expect(releases.some((release) => at(release, key) === null)).toBe(true);
  });

  test('use the defaults for invalid paging parameters', async () => {
    const { json } = await get('/repos/vercel/next.js/releases?per_page=-1&page=abc');
    expect(json).toHaveLength(30);
    expect((await get('/repos/octocat/Hello-World/releases')).json).toEqual([]);
  });
});

describe('markdown', () => {
  test('is rendered, with raw HTML escaped and script links removed', async () => {
    const text =
      '# Hi *you*\n\n<script>alert(1)</script>\n\na <b>b</b> [x](javascript:alert(1)) [y](https://e.example)';
    const { status, headers, text: html } = await markdown({ text, mode: 'gfm', context: 'trpc/trpc' });
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(html).toContain('<h1>Hi <em>you</em></h1>');
    expect(html).toContain('&lt;script&gt;');
    expect(html).toContain('&lt;b&gt;b&lt;/b&gt;');
    expect(html).toContain('<a href="https://e.example">y</a>');
    expect(html).not.toMatch(/<script|<b>|javascript:/);
  });

  test('keeps line breaks only in gfm mode', async () => {
    expect((await markdown({ text: 'a\nb' })).text).not.toContain('<br>');
    expect((await markdown({ text: 'a\nb', mode: 'gfm' })).text).toContain('<br>');
  });

  test.each([
    [{}],
    [[]],
    [{ text: 1 }],
    [{ text: 'a', mode: 'loud' }],
    [{ text: 'a', context: 1 }],
    ['text'],
    [null],
  ])('rejects the body %j with 422', async (body) => {
    const { status, json } = await markdown(body);
    expect(status).toBe(422);
    expect(json).toEqual({
      message: expect.stringMatching(/^Invalid request/),
      documentation_url: expect.any(String),
      status: '422',
    });
  });

  test('rejects a body that is not JSON with 400, as GitHub does', async () => {
    const url = `${upstreams.env.GITHUB_API_URL}/markdown`;
    const { status, json } = await send(url, { method: 'POST', headers: AGENT, body: '{' });
    expect(status).toBe(400);
    expect(at(json, 'message')).toBe('Problems parsing JSON');
  });
});

test('a request without User-Agent is forbidden', async () => {
  const { status, headers, text } = await send(`${upstreams.env.GITHUB_API_URL}/repos/trpc/trpc`);
  expect(status).toBe(403);
  expect(headers['content-type']).toContain('text/html');
  expect(text).toContain('User-Agent');
});
