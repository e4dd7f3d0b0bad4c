import { describe, expect, test } from 'vitest';
import { highlight, highlightedHtml } from '#app/_lib/highlight.ts';

describe('highlighted code', () => {
  test.each([
    ['typescript', `const price = \`\${count} €\`; // "quoted"`],
    ['python', 'with urlopen(request) as response:\n    print(json.load(response)["result"])'],
    ['go', 'func main() {\n\tresponse, err := http.Get("https://bff.example")\n}'],
    ['bash', `curl -H "authorization: Bearer $BFF_KEY" -d '{"json":{}}'`],
    ['json', '{ "a": [1, true, null] }'],
    ['no-such-language', '<b>'],
  ])('is the same text in %s', (language, code) => {
    const parts = highlight(language, code);
    expect(parts.map(({ text }) => text).join('')).toBe(code);
  });

  test('has a part for each change of the colour', () => {
    expect(highlight('typescript', `const a = \`x\${b}\``)).toEqual([
      { text: 'const', className: 'code-keyword' },
      { text: ' a = ', className: undefined },
      { text: '`x', className: 'code-string' },
      { text: `\${b}`, className: undefined },
      { text: '`', className: 'code-string' },
    ]);
  });

  test('is escaped in HTML', () => {
    expect(highlightedHtml('json', '{"a": "<b>&"}')).toContain(
      '<span class="code-string">"&lt;b&gt;&amp;"</span>',
    );
    expect(highlightedHtml('no-such-language', '<b>')).toBe('&lt;b&gt;');
  });
});
