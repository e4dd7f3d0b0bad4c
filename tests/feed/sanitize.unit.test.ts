import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { hasMarkup, sanitizeHtml, textOfHtml } from '#server/feed/sanitize.ts';

const base = 'https://example.org/posts/a';
const clean = (html: string) => sanitizeHtml(html, base);

describe('elements of articles are kept', () => {
  test.each([
    '<h2>Title</h2><p>Text with <em>stress</em>, <code>code</code> &amp; more</p>',
    '<ul><li>one</li></ul><ol start="3"><li>three</li></ol>',
    '<table><thead><tr><th scope="col">a</th></tr></thead><tbody><tr><td colspan="2">b</td></tr></tbody></table>',
    '<a href="https://other.example/x?a=1&amp;b=2" title="t">text</a> <a href="mailto:a@example.org">mail</a>',
    '<img src="https://other.example/x.png" alt="A map" width="10" height="20" />',
    '<p dir="rtl" lang="ar">نص</p><time datetime="2026-01-01">then</time>',
  ])('%s', (html) => {
    expect(clean(html)).toBe(html);
  });

  test('links and images become absolute', () => {
    expect(clean('<a href="b">b</a><img src="/c.png">')).toBe(
      '<a href="https://example.org/posts/b">b</a><img src="https://example.org/c.png" />',
    );
  });
});

const link = (url: string, text = url) => `<a href="${url}">${text}</a>`;

describe('embeds become links', () => {
  test.each([
    ['<iframe src="https://video.example/embed/x"></iframe>', link('https://video.example/embed/x')],
    [
      '<iframe src="//video.example/x" title="A film">fallback</iframe>',
      link('https://video.example/x', 'A film'),
    ],
    [
      '<iframe src="about:blank" data-src="https://video.example/x"></iframe>',
      link('https://video.example/x'),
    ],
    ['<audio src="/e5.mp3">Get <a href="/e5.mp3">it</a></audio>', link('https://example.org/e5.mp3')],
    [
      '<video><source src="/a.webm"><source src="/a.mp4">No video</video>',
      link('https://example.org/a.webm'),
    ],
    ['<object data="/a.pdf"><embed src="/b.pdf"></object>', link('https://example.org/a.pdf')],
    ['<object><embed src="/b.pdf"></object>', link('https://example.org/b.pdf')],
    ['<embed src="/b.pdf">', link('https://example.org/b.pdf')],
    ['<iframe src="https://video.example/x">', link('https://video.example/x')],
    ['<video src="/a" title=\'"><script>x\'></video>', link('https://example.org/a', '"&gt;&lt;script&gt;x')],
  ])('%s', (html, expected) => {
    expect(clean(`<p>One</p>${html}<p>two</p>`)?.replace(/ {2,}/g, ' ')).toMatch(
      html.endsWith('x">') ? `<p>One</p> ${expected} ` : `<p>One</p> ${expected} <p>two</p>`,
    );
  });

  test('neighbouring links are apart', () => {
    expect(clean('<audio src="/a"></audio><audio src="/b"></audio>')).toMatch(/<\/a> +<a/);
  });

  test.each([
    '<iframe src="javascript:alert(1)">a</iframe>',
    '<iframe srcdoc="<b>x</b>">a</iframe>',
    '<video>a</video>',
  ])('without a web address they are replaced by their text: %s', (html) => {
    expect(clean(html)).toBe('a');
  });

  test('unclosed embeds are read in linear time', () => {
    expect(clean('<iframe src="/a">'.repeat(limits.feed.htmlMarkup))).toContain(
      link('https://example.org/a'),
    );
  });
});

describe('lazily loaded images have their source', () => {
  const image = '<img src="https://example.org/a.jpg" />';
  test.each([
    ['<img data-src="/a.jpg" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', image],
    ['<img data-lazy-src="/a.jpg" src="/placeholder.gif">', image],
    ['<img data-original="/a.jpg">', image],
    ['<img srcset="/a.jpg 1x, /a2.jpg 2x">', image],
    ['<picture><source srcset="/a.webp"><img src="/a.jpg"></picture>', image],
    ['<img data-src="/a.jpg"><noscript><img src="/a.jpg"></noscript>', image],
    ['<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><noscript><img src="/a.jpg"></noscript>', image],
    ['<img src="/a.jpg"><img src="/a.jpg">', image + image],
    ['<img data-src="javascript:alert(1)" srcset="data:x 1x">', ''],
  ])('%s', (html, expected) => {
    expect(clean(html)).toBe(expected);
  });
});

test('a code block keeps its language', () => {
  expect(
    clean('<pre class="language-js x"><code class="lang-ts y">1</code></pre><p class="language-x">a</p>'),
  ).toBe('<pre class="language-js"><code class="lang-ts">1</code></pre><p>a</p>');
});

describe('dangerous markup is removed', () => {
  test.each([
    ['<p>a<script>alert(1)</script></p>', '<p>a</p>'],
    ['<p onclick="x()" style="position:fixed" class="c" id="i">a</p>', '<p>a</p>'],
    ['<a href="javascript:alert(1)">a</a>', '<a>a</a>'],
    ['<a href="java\tscript:alert(1)">a</a>', '<a>a</a>'],
    ['<a href="&#106;avascript:alert(1)">a</a>', '<a>a</a>'],
    ['<a href="data:text/html,x">a</a>', '<a>a</a>'],
    ['<a href="x" target="_top" ping="y">a</a>', '<a href="https://example.org/posts/x">a</a>'],
    [
      '<img src="data:image/svg+xml,x"><img onerror="x()"><img src=x onerror=y>',
      '<img src="https://example.org/posts/x" />',
    ],
    ['<svg><style><img src=x onerror=alert(1)></style></svg>', ''],
    ['<form action=x><input name=y><button>z</button></form>', 'z'],
    ['<textarea><img src=x onerror=alert(1)></textarea><style>a{}</style>', ''],
    ['<!-- <img src=x onerror=alert(1)> --><![CDATA[<script>]]>a', 'a'],
    [
      '<base href="https://evil.example/"><meta http-equiv=refresh content=0><link rel=stylesheet href=x>',
      '',
    ],
    [
      '<p title="</p><script>alert(1)</script>">a',
      '<p title="&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;">a</p>',
    ],
  ])('%s', (html, expected) => {
    expect(clean(html)).toBe(expected);
  });

  test('in any combination of fragments', () => {
    const pieces = fc.constantFrom(
      ...['<', '>', '"', "'", '=', '/', ' ', '\n', '\0', '&', '&lt;', '&#60;', '<!--', '-->', '<![CDATA['],
      ...[
        '<svg>',
        '<math>',
        '<style>',
        '</style>',
        '<script>',
        '</script>',
        '<p ',
        '<a href=',
        '<img src=',
        '<b>',
      ],
      ...[
        'javascript:',
        'data:',
        'onerror=',
        'style=',
        'x',
        'alert(1)',
        '<noscript>',
        '<template>',
        '<textarea>',
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
        const html = clean(parts.join('')) ?? '';
        for (const [, name = '', attributes = ''] of html.matchAll(/<\/?([^\s/>]*)((?:"[^"]*"|[^">])*)>?/g)) {
          expect(name).toMatch(/^(p|a|img|b)$/);
          expect(attributes.replace(/ (href|src)="(https?|mailto):[^"<>]*"/g, '')).toMatch(/^( \/)?$/);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test.each([
  ['long', 'x'.repeat(limits.feed.htmlLength + 1)],
  ['full of tags', '<b>'.repeat(limits.feed.htmlMarkup + 1)],
])('HTML that is too %s is not parsed', (_, html) => {
  expect(clean(html)).toBeNull();
  expect(textOfHtml(html)).toBe('');
});

test('elements nested too deeply are replaced by their text', () => {
  const html = clean(`${'<div>'.repeat(1_000)}deep${'</div>'.repeat(1_000)}`) ?? '';
  expect(html.match(/<div>/g)).toHaveLength(limits.feed.htmlDepth);
  expect(html).toContain('deep');
});

test.each([
  ['<p>One</p><p>two<br>three</p>', 'One two three'],
  ['Fish &amp; chips &lt;b&gt; &quot;x&quot;', 'Fish & chips <b> "x"'],
  ['&amp;lt;b&amp;gt;', '&lt;b&gt;'],
  ['a <script>alert(1)</script> b', 'a b'],
  ['1 < 2 & 3 > 2', '1 < 2 & 3 > 2'],
  ['<p>A photo: <img src="x.jpg" alt="A heron &amp; a carp">.</p>', 'A photo: A heron & a carp.'],
  ['', ''],
])('the text of %j is %j', (html, text) => {
  expect(textOfHtml(html)).toBe(text);
});

describe('HTML of exactly the limit is parsed:', () => {
  test('of its length', () => {
    const html = 'x'.repeat(limits.feed.htmlLength);
    expect(clean(html)).toBe(html);
    expect(textOfHtml(html)).toBe(html);
  });

  test('of its tags and references', () => {
    const html = '&amp;'.repeat(limits.feed.htmlMarkup);
    expect(clean(html)).toBe(html);
    expect(clean(`${html}<`)).toBeNull();
  });
});

test('an embed within another of its kind belongs to it', () => {
  const html = '<object data="/a"><object data="/b"></object>fallback</object> after';
  expect(clean(html)?.trim()).toMatch(
    /^<a href="https:\/\/example.org\/a">https:\/\/example.org\/a<\/a> +after$/,
  );
});

test('text before and after embeds is kept', () => {
  const html = 'one <video src="/a"></video> two <embed src="/b"> three';
  expect(clean(html)?.replace(/ +/g, ' ')).toBe(
    `one ${link('https://example.org/a')} two ${link('https://example.org/b')} three`,
  );
});

test.each([
  ['<b>x</b>', true],
  ['</b>', true],
  ['<!-- x -->', true],
  ['1 < 2', false],
  ['a <3', false],
  ['AT&amp;T', false],
])('%j has markup: %j', (html, has) => {
  expect(hasMarkup(html)).toBe(has);
});

test.each(['blockquote', 'dd', 'div', 'dt', 'h1', 'h6', 'li', 'p', 'pre', 'td', 'th', 'tr'])(
  'the texts of two elements %s are apart',
  (tag) => {
    const html = `<${tag}>one</${tag}><${tag}>two</${tag}>`;
    expect(textOfHtml(html)).toBe('one two');
  },
);

test('the texts of inline elements are not apart', () => {
  expect(textOfHtml('<b>one</b><i>two</i><pretty>three</pretty>')).toBe('onetwothree');
});
