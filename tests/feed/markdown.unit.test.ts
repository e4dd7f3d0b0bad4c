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

describe('headings have the ids that GitHub gives them', () => {
  test.each([
    ['## Second part', 'second-part'],
    ['## Fish & `chips`, **please**', 'fish--chips-please'],
    ['## Über [uns](x)!', 'über-uns'],
    ['Setext\n---', 'setext'],
    ['## A note[^1]\n\n[^1]: x', 'a-note'],
    ['## A note [^1]\n\n[^1]: x', 'a-note'],
    ['## <b onclick="x()">bold</b>', 'bold'],
  ])('%j', (markdown, id) => {
    expect(absolute(markdown)).toContain(`<h2 id="${id}">`);
  });

  test('repeated headings are numbered', () => {
    expect(absolute('# A\n\n# A\n\n# A').match(/id="[^"]*"/g)).toEqual(['id="a"', 'id="a-1"', 'id="a-2"']);
  });

  test('a heading without words has none', () => {
    expect(absolute('## !!!')).toBe('<h2>!!!</h2>\n');
  });
});

describe('footnotes', () => {
  const markdown = 'One[^1] and two[^note].\n\n[^1]: First <b>.\n[^note]: Second, [more](/more).\n';

  test('link to their notes and back', () => {
    const html = fromRoot(markdown);
    expect(html).not.toContain('[^');
    for (const name of ['1', 'note']) {
      expect(html).toContain(`<a id="fn.ref-${name}" href="#fn.${name}"`);
      expect(html).toContain(`<li id="fn.${name}">`);
      expect(html).toContain(`<a href="#fn.ref-${name}"`);
    }
    expect(html).toContain('First &lt;b&gt;.');
    expect(html).toContain('<a href="/more">more</a>');
  });

  test('have absolute links in feeds', () => {
    const html = absolute(markdown);
    expect(html).not.toContain('href="#');
    expect(html).toContain('href="https://example.org/base/posts/a#fn.note"');
    expect(html).toContain('href="https://example.org/base/posts/a#fn.ref-note"');
  });

  test('have safe names', () => {
    const html = absolute('A[^"><script>] b.\n\n[^"><script>]: Note');
    expect(html).toContain('Note');
    expect(html).not.toMatch(/<script|""/);
  });

  test('without a note stay text', () => {
    expect(absolute('One[^1].')).toBe('<p>One[^1].</p>\n');
  });
});

test.each(['<!--more-->', '<!-- a\nb -->', '  <!-- indented -->'])('the comment %j is dropped', (comment) => {
  expect(absolute(`One\n\n${comment}\n\nTwo <!-- c -->`)).toBe('<p>One</p>\n<p>Two </p>\n');
});

test('code blocks are focusable on pages, so that the keyboard can scroll them, but not in feeds', () => {
  expect(fromRoot('```ts\nx\n```')).toBe('<pre tabindex="0"><code class="language-ts">x\n</code></pre>\n');
  expect(absolute('```ts\nx\n```')).toBe('<pre><code class="language-ts">x\n</code></pre>\n');
});

test.each(['<!-- a --> <b>text</b> <!-- c -->', '<!-- a --> text -->', '<!-- not closed'])(
  '%j is more than a comment, so it is kept as text',
  (markdown) => {
    expect(absolute(markdown)).toContain('&lt;!--');
  },
);

test('tables and strikethrough are rendered as on GitHub', () => {
  expect(absolute('~~old~~')).toBe('<p><del>old</del></p>\n');
  expect(absolute('| a |\n|---|\n| b |')).toMatch(/<table>.*<th>a<\/th>.*<td>b<\/td>/s);
});
