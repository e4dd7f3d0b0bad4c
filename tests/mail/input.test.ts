import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldErrorsOf } from '#server/lib/field-errors.ts';
import { procedures } from '#server/trpc/procedure-registry.ts';
import { draft } from './support.ts';

const input = procedures.get('email.send')?.input;

function parse(fields: Record<string, unknown>) {
  const result = input?.safeParse({ ...draft, ...fields });
  if (!result) throw new Error('There is no email.send.');
  return result.success ? { ok: result.data } : { refused: fieldErrorsOf(result.error) };
}

test.each([
  ['contents', ' a\r\nb\rc\u0000\u0007\n\td ', 'a\nb\nc\n\td'],
  ['name', ' Ada\r\n\u202eLovelace\u0000 ', 'Ada Lovelace'],
  ['subject', 'Re:\t\u2066a\u2028b', 'Re: a b'],
])('%s is kept without control characters and turned directions', (field, given, kept) => {
  expect(parse({ [field]: given })).toMatchObject({ ok: { [field]: kept } });
});

// PostgreSQL takes no NUL in a text, and UTF-8 has no lone surrogates.
test('whatever is accepted can be stored anywhere', () => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 90 });
  fc.assert(
    fc.property(text, text, text, (name, subject, contents) => {
      const { ok, refused } = parse({ name, subject, contents: `x${contents}` });
      expect(refused).toBeUndefined();
      const stored = JSON.stringify(ok);
      expect(stored).not.toContain('\\u0000');
      expect(stored).not.toMatch(/\\ud[89a-f]/);
    }),
  );
});

describe('an address', () => {
  const domain = 'example.org';
  test.each([
    [`${'a'.repeat(64)}@${domain}`, true],
    [`${'a'.repeat(65)}@${domain}`, false],
    [`a@${'b.'.repeat(120)}example.org`, true],
    [`a@${'b.'.repeat(121)}example.org`, false],
    ['not an address', false],
    ['a@b@example.org', false],
    ['a..b@example.org', false],
    ['ada@example.org\r\nBcc: x@example.org', false],
    ['', false],
  ])('%s is taken: %s', (email, taken) => {
    const { refused } = parse({ email });
    expect(refused === undefined).toBe(taken);
    if (refused) expect(Object.keys(refused)).toEqual(['email']);
  });

  test('that is none is told once', () => {
    expect(parse({ email: `${'a'.repeat(65)}` })).toEqual({
      refused: { email: ['Please give an email address like name@example.org'] },
    });
  });
});

test.each([
  ['', false],
  ['\u0000', false],
  ['x', true],
  ['x'.repeat(5_000), true],
  ['x'.repeat(5_001), false],
])('contents of %j are taken: %s', (contents, taken) => {
  expect('ok' in parse({ contents })).toBe(taken);
});
