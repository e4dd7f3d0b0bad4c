import { beforeAll, describe, expect, test } from 'vitest';
import { missingPages, pagesAndPosts } from '#tests/support/pages.ts';
import { type SharedProduct, sharedProduct } from '#tests/support/shared.ts';
import { inlineScripts, noncesIn, readPolicy } from './support/inline-scripts.ts';

let product: SharedProduct;
beforeAll(async () => {
  product = await sharedProduct();
});

async function load(path: string) {
  const response = await fetch(`${product.baseUrl}${path}`);
  expect(response.headers.get('content-type')).toMatch(/^text\/html\b/);
  const policy = readPolicy(response.headers.get('content-security-policy'));
  return { policy, scripts: policy.get('script-src') ?? [], html: await response.text() };
}

const nonceIn = (sources: string[]) => sources.flatMap((source) => /^'nonce-(.+)'$/.exec(source)?.[1] ?? []);

describe.each([...pagesAndPosts, ...missingPages, '/no-such-file.txt', '/_next/nothing'])('%s', (path) => {
  test('allows only scripts from this site', async () => {
    const { policy, scripts } = await load(path);
    expect(scripts).toContain("'self'");
    expect(scripts.filter((source) => !/^'(self|nonce-.+|sha256-.+|strict-dynamic)'$/.test(source))).toEqual(
      [],
    );
    expect(policy.get('default-src')).toEqual(["'self'"]);
    // No post has a picture of another site.
    expect(policy.get('img-src')).toEqual(["'self'", 'data:', 'blob:']);
    expect(policy.get('object-src')).toEqual(["'none'"]);
    expect(policy.get('base-uri')).toEqual(["'none'"]);
    expect(policy.get('form-action')).toEqual(["'self'"]);
    expect(policy.get('frame-ancestors')).toEqual(["'none'"]);
  });

  test('has a fresh nonce for each response, and uses only that nonce in its HTML', async () => {
    const [first, second] = [await load(path), await load(path)];
    const [one, ...others] = nonceIn(first.scripts);
    expect(others).toEqual([]);
    expect(one).toMatch(/^[\w+/]{22,}={0,2}$/);
    expect(nonceIn(second.scripts)).not.toContain(one);
    expect([...new Set(noncesIn(first.html))].filter((nonce) => nonce !== one)).toEqual([]);
  });

  test('allows each of its inline scripts by nonce or by hash', async () => {
    const { scripts, html } = await load(path);
    const inline = inlineScripts(html);
    expect(inline.length).toBeGreaterThan(0);
    const blocked = inline.filter(
      ({ nonce, sha256 }) =>
        !scripts.includes(`'sha256-${sha256}'`) && !(nonce && scripts.includes(`'nonce-${nonce}'`)),
    );
    expect(blocked).toEqual([]);
  });
});

test('a client cannot choose the nonce', async () => {
  const chosen = 'Y2hvc2VuY2hvc2VuY2hvcw==';
  const response = await fetch(`${product.baseUrl}/contact`, {
    headers: { 'content-security-policy': `script-src 'nonce-${chosen}'`, 'x-nonce': chosen },
  });
  expect(await response.text()).not.toContain(chosen);
  expect(response.headers.get('content-security-policy')).not.toContain(chosen);
});
