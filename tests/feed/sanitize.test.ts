import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '#server/config/limits.ts';
import { sanitizeHtml, textOfHtml } from '#server/feed/sanitize.ts';

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
    ['<iframe src="https://x.example/"></iframe><form action=x><input name=y><button>z</button></form>', 'z'],
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
