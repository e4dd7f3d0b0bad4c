import { describe, expect, test } from 'vitest';
import { renderMarkdown } from '#server/lib/markdown.ts';

const site = { siteUrl: 'https://example.org/base', documentUrl: 'https://example.org/base/posts/a' };
const absolute = (markdown: string) => renderMarkdown(markdown, { ...site, sameSiteLinks: 'absolute' });
const fromRoot = (markdown: string) => renderMarkdown(markdown, { ...site, sameSiteLinks: 'from root' });

describe('raw HTML is escaped', () => {
  test('as a block', () => {
    expect(absolute('<script>alert(1)</script>')).toBe('<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n');
  });

  test('as inline HTML', () => {
    expect(absolute('a <b onclick="x()">b</b>')).toBe('<p>a &lt;b onclick="x()"&gt;b&lt;/b&gt;</p>\n');
  });

  test.each([
    'a <script>x <img src=x onerror=alert(1)// </script>',
    'a <pre>x <svg onload=alert(1)// </pre>',
    'a <!-- <img src=x onerror=alert(1)> -->',
    '- <img src=x onerror=alert(1)>',
    '| <img src=x onerror=alert(1)> |\n|---|\n| <svg/onload=alert(1)> |',
    '> <iframe src="javascript:alert(1)"></iframe>',
    '# <img src=x onerror=alert(1)>',
    '![<img src=x onerror=alert(1)>](javascript:alert(1))',
    '![<img src=x onerror=alert(1)>](https://example.org/x.png "<b>")',
    '[<img src=x onerror=alert(1)>](javascript:alert(1))',
    '``` "><img src=x onerror=alert(1)>\ncode\n```',
    '`<img src=x onerror=alert(1)>`',
    '<div>\n\n<img src=x onerror=alert(1)>\n\n</div>',
    '&lt;script&gt;alert(1)&lt;/script&gt;',
  ])('no tag survives: %j', (markdown) => {
    expect(absolute(markdown)).not.toMatch(/<(?:script|svg|iframe|b\b|div|!--|img src=x|pre>x)/);
  });
});

describe('links', () => {
  test.each([
    '[text](javascript:alert(1))',
    '[text](JaVaScRiPt:alert(1))',
    '[text](<java\tscript:alert(1)>)',
    '[text](data:text/html,<script>alert(1)</script>)',
    '[text](vbscript:x)',
    '[text](file:///etc/passwd)',
    '[text][1]\n\n[1]: javascript:alert(1)',
  ])('%j is reduced to its text', (markdown) => {
    expect(absolute(markdown)).toBe('<p>text</p>\n');
  });

  test.each([
    '[text](&#106;avascript:alert(1))',
    '[text](javascript&colon;alert(1))',
    '<javascript:alert(1)>',
  ])('%j does not become a script', (markdown) => {
    expect(absolute(markdown)).not.toMatch(/href="(?!https?:)/);
  });

  test.each([
    ['https://other.example/x?a=1&b=2', 'https://other.example/x?a=1&amp;b=2'],
    ['mailto:someone@example.org', 'mailto:someone@example.org'],
    ['/posts/b', 'https://example.org/base/posts/b'],
    ['b#part', 'https://example.org/base/posts/b#part'],
    ['../rss.xml', 'https://example.org/base/rss.xml'],
    ['#part', 'https://example.org/base/posts/a#part'],
    ['//other.example/x', 'https://other.example/x'],
  ])('%s becomes %s', (reference, href) => {
    expect(absolute(`[text](${reference})`)).toBe(`<p><a href="${href}">text</a></p>\n`);
  });

  test('pages of the site get root-relative links, regardless of the host', () => {
    expect(fromRoot('[text](b)')).toContain('href="/posts/b"');
    expect(fromRoot('[text](https://example.org/base/rss.xml)')).toContain('href="/rss.xml"');
    expect(fromRoot('[text](https://example.org/elsewhere)')).toContain(
      'href="https://example.org/elsewhere"',
    );
  });
});

describe('images', () => {
  test('relative URLs become absolute', () => {
    expect(absolute('![A map](map.png)')).toBe(
      '<p><img src="https://example.org/base/posts/map.png" alt="A map"></p>\n',
    );
  });

  test.each(['data:image/svg+xml,<svg/>', 'javascript:alert(1)', 'mailto:a@example.org'])(
    '%s is replaced by its alternative text',
    (href) => {
      expect(absolute(`![A map](${href})`)).toBe('<p>A map</p>\n');
    },
  );
});

test('code blocks are focusable on pages, so that the keyboard can scroll them, but not in feeds', () => {
  expect(fromRoot('```ts\nx\n```')).toBe('<pre tabindex="0"><code class="language-ts">x\n</code></pre>\n');
  expect(absolute('```ts\nx\n```')).toBe('<pre><code class="language-ts">x\n</code></pre>\n');
});
