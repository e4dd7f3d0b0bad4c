import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { preferredType } from '#server/http/content-negotiation.ts';

const offered = ['text/html', 'text/markdown'] as const;

function preferred(accept?: string) {
  return preferredType(
    new Request('http://localhost/', accept === undefined ? {} : { headers: { accept } }),
    offered,
  );
}

describe('preferredType', () => {
  test.each([
    [undefined, 'text/html'],
    ['', 'text/html'],
    ['*/*', 'text/html'],
    ['text/*', 'text/html'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8', 'text/html'],
    ['text/markdown', 'text/markdown'],
    ['Text/Markdown; charset=utf-8', 'text/markdown'],
    ['text/markdown;charset=UTF-8', 'text/markdown'],
    ['text/markdown;charset=koi8-r', undefined],
    ['text/markdown, text/html', 'text/markdown'],
    ['text/html, text/markdown', 'text/html'],
    ['text/html;q=0.5, text/markdown', 'text/markdown'],
    ['text/html;q=0.5, text/markdown;q=0.4', 'text/html'],
    ['text/markdown, */*;q=0.1', 'text/markdown'],
    ['text/html;q=0, */*', 'text/markdown'],
    ['text/markdown;q=0, */*', 'text/html'],
    ['text/html;q=0', undefined],
    ['application/json', undefined],
    ['text/markdown;q=0', undefined],
  ])('%s: %s', (accept, type) => {
    expect(preferred(accept)).toBe(type);
  });

  test('returns an offered type or undefined for any Accept header', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'text/html;q=0.15,* "\\') }), (accept) => {
        expect([...offered, undefined]).toContain(preferred(accept));
      }),
    );
  });
});
